/** Characters as XML 1.0 has them (https://www.w3.org/TR/xml/#charsets). */

/** What no XML 1.0 document can hold, not even as `&#1;`. */

const impossible = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;

/** Whether XML can carry the text; `\u0001` is a character of JSON only. */
export function isXmlText(text: string): boolean {
  return !impossible.test(text) && text.isWellFormed();
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
};

/** A text as the value of an attribute: white space too, which a reader would otherwise make a space. */
export function attributeText(text: string): string {
  return /[&<>"\t\n\r]/.test(text)
    ? text.replace(/[&<>"\t\n\r]/g, (char) => escapes[char] ?? char)
    : text;
}

/**
 * XHTML as it may stand in XML: of the named characters of HTML only the five of XML stay, the others become
 * numbers (http://hl7.org/fhir/R4/narrative.html: "there is no support for HTML entities like &nbsp;"); an `&`
 * that begins nothing is escaped. A carriage return is `&#xD;`, as canonical XML writes it: a bare one would be read as the
 * end of a line.
 */
export function withoutHtmlEntities(xhtml: string): string {
  const named = xhtml.replace(
    /&(#\d+;|#x[0-9A-Fa-f]+;|\w+;)?/g,
    (all, what: string | undefined) => {
      if (what === undefined) return '&amp;';
      if (what.startsWith('#') || ownEntities.has(what.slice(0, -1))) return all;
      const code = htmlEntity(what.slice(0, -1));
      return code === undefined ? `&amp;${what}` : `&#${String(code)};`;
    },
  );
  return named.replaceAll('\r', '&#xD;');
}

const ownEntities: ReadonlySet<string> = new Set(['amp', 'lt', 'gt', 'quot', 'apos']);

/** The names of U+00A0 to U+00FF, in order (HTML 4, section 24.2). */
const latinNames = (
  'nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute ' +
  'micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring ' +
  'AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml ' +
  'times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil ' +
  'egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ' +
  'ugrave uacute ucirc uuml yacute thorn yuml'
).split(' ');

/** Of the rest of HTML 4 what texts have: dashes, quotation marks, signs, Greek. */
const otherNames: ReadonlyMap<string, number> = new Map([
  ...Object.entries({
    OElig: 0x152,
    oelig: 0x153,
    Scaron: 0x160,
    scaron: 0x161,
    Yuml: 0x178,
    circ: 0x2c6,
    tilde: 0x2dc,
    ensp: 0x2002,
    emsp: 0x2003,
    thinsp: 0x2009,
    ndash: 0x2013,
    mdash: 0x2014,
    lsquo: 0x2018,
    rsquo: 0x2019,
    sbquo: 0x201a,
    ldquo: 0x201c,
    rdquo: 0x201d,
    bdquo: 0x201e,
    dagger: 0x2020,
    Dagger: 0x2021,
    bull: 0x2022,
    hellip: 0x2026,
    permil: 0x2030,
    prime: 0x2032,
    Prime: 0x2033,
    lsaquo: 0x2039,
    rsaquo: 0x203a,
    euro: 0x20ac,
    trade: 0x2122,
    larr: 0x2190,
    uarr: 0x2191,
    rarr: 0x2192,
    darr: 0x2193,
    minus: 0x2212,
    infin: 0x221e,
    ne: 0x2260,
    le: 0x2264,
    ge: 0x2265,
  }),
  ...greek(
    'Alpha Beta Gamma Delta Epsilon Zeta Eta Theta Iota Kappa Lambda Mu Nu Xi Omicron Pi Rho',
    0x391,
  ),
  ...greek('Sigma Tau Upsilon Phi Chi Psi Omega', 0x3a3),
]);

/** Capital and small letters, which lie 32 apart. */
function greek(names: string, first: number): readonly (readonly [string, number])[] {
  return names.split(' ').flatMap((name, i) => [
    [name, first + i],
    [name.toLowerCase(), first + i + 32],
  ]);
}

function htmlEntity(name: string): number | undefined {
  const latin = latinNames.indexOf(name);
  return latin >= 0 ? 0xa0 + latin : otherNames.get(name);
}
