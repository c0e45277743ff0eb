import { describe, expect, it } from 'vitest';
import { limits } from '../../../src/limits.ts';
import { readXmlMessage } from '../../../src/hl7v2/xml/read.ts';

const namespace = 'xmlns="urn:hl7-org:v2xml"';
const head =
  '<MSH><MSH.1>|</MSH.1><MSH.2>^~\\&amp;</MSH.2><MSH.3><HD.1>LAB</HD.1></MSH.3>' +
  '<MSH.9><MSG.1>ORU</MSG.1><MSG.2>R01</MSG.2><MSG.3>ORU_R01</MSG.3></MSH.9><MSH.10>7</MSH.10></MSH>';
const whole = (body: string): string => `<ORU_R01 ${namespace}>${head}${body}</ORU_R01>`;
const read = (xml: string | Buffer) => readXmlMessage(Buffer.from(xml));

const er7Head = 'MSH|^~\\&|LAB||||||ORU^R01^ORU_R01|7\r';

it.each([
  ['a plain field', '<PID><PID.8>F</PID.8></PID>', 'PID||||||||F\r'],
  [
    'groups',
    '<ORU_R01.PATIENT_RESULT><ORU_R01.PATIENT><PID/></ORU_R01.PATIENT><ORU_R01.ORDER_OBSERVATION><OBR/></ORU_R01.ORDER_OBSERVATION></ORU_R01.PATIENT_RESULT>',
    'PID\rOBR\r',
  ],
  [
    'repetitions',
    '<PID><PID.3><CX.1>1</CX.1></PID.3><PID.3><CX.1>2</CX.1></PID.3></PID>',
    'PID|||1~2\r',
  ],
  [
    'any data type, and subcomponents',
    '<PID><PID.3><X9.4><QQ.2>u</QQ.2></X9.4></PID.3></PID>',
    'PID|||^^^&u\r',
  ],
  [
    'separators in a text',
    '<NTE><NTE.3>a|b^c&amp;d~e\\f</NTE.3></NTE>',
    'NTE|||a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f\r',
  ],
  [
    'escapes',
    '<NTE><NTE.3>a<escape V=".br"/>b<escape V="H"></escape>c</NTE.3></NTE>',
    'NTE|||a\\.br\\b\\H\\c\r',
  ],
  ['null', '<PID><PID.13>""</PID.13></PID>', 'PID|||||||||||||""\r'],
  ['a Z segment', '<ZPI><ZPI.2><ST.1>x</ST.1></ZPI.2></ZPI>', 'ZPI||x\r'],
  ['line ends in a text', '<NTE><NTE.3>a&#13;&#10;b</NTE.3></NTE>', 'NTE|||a\\X0D\\\\X0A\\b\r'],
  ['CDATA and comments', '<NTE><!-- c --><NTE.3><![CDATA[<a>]]></NTE.3></NTE>', 'NTE|||<a>\r'],
  [
    'white space between elements',
    '\n  <PID>\n <PID.3>\n <CX.1>1</CX.1>\n</PID.3></PID>\n',
    'PID|||1\r',
  ],
  ['an empty field', '<PID><PID.3/><PID.8></PID.8></PID>', 'PID\r'],
])('%s', (_, body, er7) => {
  expect(read(whole(body))).toEqual({ er7: er7Head + er7, issues: [] });
});

it('a prefix, or no namespace at all', () => {
  const prefixed = `<v:ACK xmlns:v="urn:hl7-org:v2xml"><v:MSA><v:MSA.1>AA</v:MSA.1></v:MSA></v:ACK>`;
  expect(read(prefixed).er7).toBe('MSA|AA\r');
  expect(read('<ACK><MSA><MSA.1>AA</MSA.1></MSA></ACK>').er7).toBe('MSA|AA\r');
});

describe('what the bytes are in', () => {
  const xml = (encoding: string): string =>
    `<?xml version="1.0" encoding="${encoding}"?><ACK><MSA><MSA.3>Müller</MSA.3></MSA></ACK>`;
  it.each([
    ['UTF-8', Buffer.from(xml('UTF-8'))],
    ['UTF-8 with a mark', Buffer.from(`\ufeff${xml('utf-8')}`)],
    ['UTF-16', Buffer.from(`\ufeff${xml('UTF-16')}`, 'utf16le')],
    ['ISO-8859-1', Buffer.from(xml('ISO-8859-1'), 'latin1')],
  ])('%s', (_, bytes) => {
    expect(read(bytes).er7).toBe('MSA|||Müller\r');
  });
  it('says what it cannot be', () => {
    expect(read(Buffer.from(xml('UTF-8'), 'latin1')).issues[0]?.text).toContain('not the UTF-8');
    expect(read(xml('KLINGON')).issues[0]?.text).toContain('is not known');
  });
});

describe('what is refused, with its place and no content', () => {
  const deep = '<a>'.repeat(limits.xmlDepthMax + 1);
  it.each([
    ['no XML', 'hello', 'syntax-xml', /Not well-formed XML: line 1, column \d+/],
    ['nothing', '', 'syntax-xml', /Not well-formed/],
    ['cut off', whole('').slice(0, -5), 'syntax-xml', /Not well-formed/],
    [
      'a document type',
      `<!DOCTYPE a [<!ENTITY b "c">]>${whole('')}`,
      'syntax-xml',
      /document type/,
    ],
    [
      'an external entity',
      `<!DOCTYPE a SYSTEM "file:///etc/passwd">${whole('')}`,
      'syntax-xml',
      /document type/,
    ],
    ['an unknown entity', whole('<PID><PID.8>&b;</PID.8></PID>'), 'syntax-xml', /Not well-formed/],
    ['a foreign namespace', '<ACK xmlns="urn:x"/>', 'structure', /namespace/],
    ['no segment', whole('<pid/>'), 'structure', /neither a segment nor a group/],
    [
      'a field of another segment',
      whole('<PID><PV1.2>I</PV1.2></PID>'),
      'structure',
      /PID is none of its fields/,
    ],
    [
      'a field number out of reach',
      whole('<PID><PID.1000>I</PID.1000></PID>'),
      'structure',
      /none of its fields/,
    ],
    ['a text outside', whole('<PID>secret</PID>'), 'structure', /outside of a field/],
    [
      'text and components',
      whole('<PID><PID.3>x<CX.1>1</CX.1></PID.3></PID>'),
      'structure',
      /not both/,
    ],
    [
      'components and text',
      whole('<PID><PID.3><CX.1>1</CX.1>x</PID.3></PID>'),
      'structure',
      /not both/,
    ],
    [
      'an escape and components',
      whole('<PID><PID.3><escape V="H"/><CX.1>1</CX.1></PID.3></PID>'),
      'structure',
      /not both/,
    ],
    [
      'a component twice',
      whole('<PID><PID.3><CX.1>1</CX.1><CX.1>2</CX.1></PID.3></PID>'),
      'structure',
      /twice/,
    ],
    [
      'parts of subcomponents',
      whole('<PID><PID.3><A.1><B.1><C.1>x</C.1></B.1></A.1></PID.3></PID>'),
      'structure',
      /no parts of subcomponents/,
    ],
    [
      'an escape that is none',
      whole('<NTE><NTE.3><escape V="\\F\\"/></NTE.3></NTE>'),
      'structure',
      /no V of HL7/,
    ],
    [
      'a full escape',
      whole('<NTE><NTE.3><escape V="H">x</escape></NTE.3></NTE>'),
      'structure',
      /escape is empty/,
    ],
    ['depth', deep, 'limit', /xmlDepthMax|neither/],
    [
      'attributes',
      `<ACK ${Array.from({ length: limits.xmlAttributesMax + 1 }, (_, i) => `a${i}="1"`).join(' ')}/>`,
      'limit',
      /xmlAttributesMax/,
    ],
  ])('%s', (_, xml, code, text) => {
    const { er7, issues } = read(xml);
    expect(er7).toBeUndefined();
    expect(issues).toHaveLength(1);
    expect(issues[0]?.text).toMatch(text);
    if (code !== 'limit') expect(issues[0]?.code).toBe(code);
    expect(issues[0]?.text).not.toContain('secret');
  });

  it('separators out of nothing', () => {
    const field = '<PID.999><X.999/></PID.999>';
    const body = `<PID>${field.repeat(40_000)}</PID>`;
    expect(read(whole(body)).issues[0]?.text).toMatch(/frameBytesMax/);
  });
});
