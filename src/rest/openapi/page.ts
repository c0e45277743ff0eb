/** The interface as a page to read: made from the same operations as the OpenAPI document, without scripts. */
import { htmlText } from '../../ops/html.ts';
import { resourceTypes } from '../../fhir/definitions.ts';
import type { RestContext, Route } from '../call.ts';
import { parameters as parametersByName } from './component.ts';
import { operation, templateOf, typesOf } from './operation.ts';

/** What the page shows of an operation's parameter; the rest it refers to. */
interface Parameter {
  readonly $ref?: string;
  readonly name?: string;
  readonly in?: string;
  readonly description?: string;
}

/** The page of a type; without one that of the system, which leads to all types. */
export function apiPage({ routes, baseUrl }: RestContext, type: string | undefined): string {
  const shown = routes.filter((route) => typesOf(route).includes(type));
  const title = type === undefined ? 'Weir FHIR R4 interface' : `${type}: Weir FHIR R4 interface`;
  const heading = type ?? 'FHIR R4 interface';
  const links = resourceTypes().map((one) => `<a href="?type=${one}">${one}</a>`);
  const lead =
    type === undefined
      ? `<p>Base <code>${htmlText(baseUrl)}</code>. For programs: <a href="metadata">CapabilityStatement</a>,
         <a href="openapi.json">OpenAPI 3.1</a>. A call needs <code>Authorization: Bearer</code> and a token unless it says open.</p>`
      : '<p><a href="openapi.html">The whole interface</a></p>';
  const types =
    type === undefined ? `<h2>Resource types</h2><p class="types">${links.join(' ')}</p>` : '';
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>${style}</style></head>
<body><h1>${heading}</h1>${lead}${types}
<h2>Interactions</h2>${shown.map((route) => section(route, type)).join('\n')}
</body></html>
`;
}

function section(route: Route, type: string | undefined): string {
  const { summary, parameters } = operation(route, type) as {
    readonly summary: string;
    readonly parameters: readonly Parameter[];
  };
  const rows = parameters
    .map(resolved)
    .map(
      ({ name = '', in: place = '', description = '' }) =>
        `<tr><td><code>${htmlText(name)}</code></td><td>${place}</td><td>${htmlText(description)}</td></tr>`,
    );
  const table = rows.length === 0 ? '' : `<table>${rows.join('')}</table>`;
  const address = htmlText(templateOf(route, type));
  const open = route.open === true ? ' <em>open</em>' : '';
  return `<details><summary><b>${route.method}</b> <code>${address}</code> ${htmlText(summary)}${open}</summary>${table}</details>`;
}

function resolved(parameter: Parameter): Parameter {
  const name = parameter.$ref?.split('/').at(-1);
  if (name === undefined) return parameter;
  return (parametersByName as Readonly<Record<string, Parameter>>)[name] ?? parameter;
}

const style = `body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1d2733;background:#fff}
code{font-family:ui-monospace,monospace}summary{cursor:pointer;padding:.25rem 0}table{border-collapse:collapse;margin:.25rem 0 1rem 1rem}
td{border-top:1px solid #d5dbe1;padding:.2rem .75rem .2rem 0;vertical-align:top}.types a{display:inline-block;margin-right:.75rem}`;
