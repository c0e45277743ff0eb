/**
 * Conditions as people type them: `PID-3=123 state=failed PID-5=van den Berg`. A value ends where the next name and
 * its `=` begin. What has no `=` is given back as `rest`.
 */
export function splitConditions(text: string): {
  readonly conditions: readonly (readonly [name: string, value: string])[];
  readonly rest: string;
} {
  const parts = text.trim().split(/\s+(?=[A-Za-z][\w.-]*=)/);
  const conditions: [string, string][] = [];
  const rest: string[] = [];
  for (const part of parts) {
    const equals = part.indexOf('=');
    if (equals > 0) conditions.push([part.slice(0, equals), part.slice(equals + 1).trim()]);
    else if (part !== '') rest.push(part);
  }
  return { conditions, rest: rest.join(' ') };
}
