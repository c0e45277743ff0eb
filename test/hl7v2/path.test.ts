import { describe, expect, it } from 'vitest';
import { elementAt, formatPosition, parsePath, type Path } from '../../src/hl7v2/path.ts';
import { parseMessage } from '../../src/hl7v2/parse.ts';

const { message } = parseMessage('MSH|^~\\&|A\rPID|1||a^b~c^d&e\rOBX|1\rOBX|2|NM');
if (!message) throw new Error('unreachable');

function path(text: string): Path {
  const result = parsePath(text);
  if (!result.path) throw new Error(result.fault);
  return result.path;
}

describe('parsePath', () => {
  it.each([
    ['PID', { segment: 'PID' }],
    ['PID-3', { segment: 'PID', field: 3 }],
    ['PID-3.1', { segment: 'PID', field: 3, component: 1 }],
    ['ZA1-3[0].4.2', { segment: 'ZA1', field: 3, repetition: 0, component: 4, subcomponent: 2 }],
    ['OBX[4]-5[1]', { segment: 'OBX', segmentIndex: 4, field: 5, repetition: 1 }],
    ['OBX[4]', { segment: 'OBX', segmentIndex: 4 }],
  ])('%s', (text, expected) => {
    expect(parsePath(text)).toEqual({ path: expected });
  });

  it.each([
    '',
    'pid-3',
    'PID.3',
    'PID-',
    'PID-3.',
    'PID-0',
    'PID-3.0',
    'PID-3.1.0',
    'PID-3.1.1.1',
    'PIDX-1',
    'PID-3[x]',
    ' PID-3',
    'PID-1234',
  ])('not %j', (text) => {
    expect(parsePath(text).path).toBeUndefined();
    expect(parsePath(text)).toHaveProperty('fault');
  });
});

describe('elementAt', () => {
  it.each([
    ['PID-3', 'a'],
    ['PID-3.2', 'b'],
    ['PID-3[1]', 'c'],
    ['PID-3[1].2', 'd'],
    ['PID-3[1].2.2', 'e'],
    ['OBX-1', '1'],
    ['OBX[3]-1', '2'],
    ['PID-9.9.9', ''],
    ['PID-3[7].1', ''],
  ])('%s is %j', (text, expected) => {
    expect(elementAt(message, path(text))?.text).toBe(expected);
  });

  it('of a repetition that is not there is absent, at its own position', () => {
    const absent = elementAt(message, path('PID-3[7].1'));
    expect(absent?.state).toBe('absent');
    expect(absent?.position).toMatchObject({ field: 3, repetition: 7, component: 1 });
  });

  it('is nothing where there is no such segment', () => {
    expect(elementAt(message, path('NK1-1'))).toBeUndefined();
    expect(elementAt(message, path('PID[0]-1'))).toBeUndefined();
    expect(elementAt(message, path('PID'))).toBeUndefined();
    const [, pid] = message.segments;
    expect(pid && elementAt(pid, path('PID-1'))?.text).toBe('1');
    expect(pid && elementAt(pid, path('OBX-1'))).toBeUndefined();
  });
});

describe('formatPosition', () => {
  it.each(['PID[1]-3', 'PID[1]-3[1].2', 'PID[1]-3[1].2.2', 'OBX[3]-2', 'PID[1]-9.9'])(
    'parsePath reads %s back',
    (text) => {
      const element = elementAt(message, path(text));
      expect(element && formatPosition(element.position)).toBe(text);
    },
  );

  it('leaves the first repetition away', () => {
    const element = message.segment('PID')?.field(3).component(2);
    expect(element && formatPosition(element.position)).toBe('PID[1]-3.2');
    expect(formatPosition({ segment: 'OBX', segmentIndex: 2 })).toBe('OBX[2]');
  });
});
