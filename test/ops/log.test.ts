import { describe, expect, it } from 'vitest';
import { openLog } from '../../src/ops/log.ts';

const canary = 'ZZCANARYNAME';

function logged(level: string, say: (log: ReturnType<typeof openLog>) => void): string[] {
  const lines: string[] = [];
  say(openLog(level, { write: (line: string) => void lines.push(line) }));
  return lines;
}

describe('the log', () => {
  it.each(['authorization', 'cookie', 'password', 'body', 'bytes', 'raw', 'view'])(
    'cuts out what is called %s',
    (name) => {
      const [line = ''] = logged('info', (log) => log.info({ thing: { [name]: canary, id: 1 } }));
      expect(JSON.parse(line)).toMatchObject({ thing: { id: 1 } });
      expect(line).not.toContain(canary);
    },
  );

  it('names a request by method and path, never by its query or headers', () => {
    const req = {
      id: 'r1',
      method: 'GET',
      url: `/fhir/Patient?name=${canary}`,
      headers: { cookie: canary },
    };
    const [line = ''] = logged('info', (log) => log.info({ req }));
    expect(JSON.parse(line)).toMatchObject({
      req: { id: 'r1', method: 'GET', path: '/fhir/Patient' },
    });
    expect(line).not.toContain(canary);
  });

  it('tells a fault with its cause and nothing that hangs on it', () => {
    const cause = Object.assign(new Error('disk'), { body: canary });
    const error = Object.assign(new Error('store', { cause }), { resource: { name: canary } });
    const [line = ''] = logged('info', (log) => log.error({ err: error }));
    expect(JSON.parse(line)).toMatchObject({
      err: { name: 'Error', message: 'store', cause: { message: 'disk' } },
    });
    expect(line).not.toContain(canary);
    expect(logged('info', (log) => log.error({ err: 'thrown text' }))[0]).toContain('thrown text');
  });

  it('says no more than its level', () => {
    const say = (log: ReturnType<typeof openLog>): void => {
      log.debug('d');
      log.info('i');
      log.warn('w');
    };
    expect(logged('silent', say)).toHaveLength(0);
    expect(logged('warn', say)).toHaveLength(1);
    expect(logged('debug', say)).toHaveLength(3);
  });
});
