import type { Condition } from '../language/condition-syntax.ts';
import type { At } from '../language/model.ts';
import type { SourcePath } from '../language/path-syntax.ts';
import type { MapPlace } from '../map-issue.ts';
import type { Predicate } from '../run/compiled.ts';
import type { Compiler, ValueScope } from './compiler.ts';
import { checkSegment, checkSetting, compilePath, segmentsOf } from './paths.ts';

const never: Predicate = () => false;

/** A condition as a predicate on a frame. */
export function compileCondition(
  { value, place }: At<Condition>,
  scope: ValueScope,
  compiler: Compiler,
): Predicate {
  const compile = (condition: Condition): Predicate => {
    switch (condition.kind) {
      case 'and': {
        const parts = condition.parts.map(compile);
        return (frame) => {
          for (const part of parts) if (!part(frame)) return false;
          return true;
        };
      }
      case 'or': {
        const parts = condition.parts.map(compile);
        return (frame) => {
          for (const part of parts) if (part(frame)) return true;
          return false;
        };
      }
      case 'not': {
        const part = compile(condition.part);
        return (frame) => !part(frame);
      }
      case 'exists':
        return compileExists(condition.path, { place, scope, compiler });
      case 'in':
        return compileIn(condition.path, new Set(condition.values), { place, scope, compiler });
    }
  };
  return compile(value);
}

interface Where {
  readonly place: MapPlace;
  readonly scope: ValueScope;
  readonly compiler: Compiler;
}

function compileExists(path: SourcePath, { place, scope, compiler }: Where): Predicate {
  if (path.kind === 'setting') {
    checkSetting(path.name, place, compiler);
    return (frame) => frame.run.setting(path.name) !== undefined;
  }
  if (path.kind === 'segment' && path.field === undefined) {
    checkSegment(path.segment, place, compiler);
    return (frame) => segmentsOf(path, frame).length > 0;
  }
  const reader = compilePath({ value: path, place }, scope, compiler);
  return reader ? (frame) => reader.said(frame)?.state === 'value' : never;
}

/** Whether some repetition's text is one of these; an absent field is one empty text, so that `= ''` can be asked. */
function compileIn(
  path: SourcePath,
  values: ReadonlySet<string>,
  { place, scope, compiler }: Where,
): Predicate {
  if (path.kind === 'setting') {
    checkSetting(path.name, place, compiler);
    return (frame) => values.has(String(frame.run.setting(path.name) ?? ''));
  }
  const reader = compilePath({ value: path, place }, scope, compiler);
  if (!reader) return never;
  return (frame) => {
    const all = reader.all(frame);
    if (all.length === 0) return values.has('');
    for (const { text } of all) if (values.has(text)) return true;
    return false;
  };
}
