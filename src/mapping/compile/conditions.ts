import type { Condition } from '../language/condition-syntax.ts';
import type { At } from '../language/model.ts';
import type { SourcePath } from '../language/path-syntax.ts';
import type { MapPlace } from '../map-issue.ts';
import type { Frame, Predicate } from '../run/compiled.ts';
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
        return (frame) => parts.every((part) => part(frame));
      }
      case 'or': {
        const parts = condition.parts.map(compile);
        return (frame) => parts.some((part) => part(frame));
      }
      case 'not': {
        const part = compile(condition.part);
        return (frame) => !part(frame);
      }
      case 'exists':
        return compileExists(condition.path, { place, scope, compiler });
      case 'in': {
        const texts = compileTexts(condition.path, { place, scope, compiler });
        const values = new Set(condition.values);
        return (frame) => texts(frame).some((text) => values.has(text));
      }
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
  return reader ? (frame) => reader.one(frame)?.state === 'value' : never;
}

/** Every repetition's text; an absent field is one empty text, so that `= ''` can be asked. */
function compileTexts(
  path: SourcePath,
  { place, scope, compiler }: Where,
): (frame: Frame) => readonly string[] {
  if (path.kind === 'setting') {
    checkSetting(path.name, place, compiler);
    return (frame) => [String(frame.run.setting(path.name) ?? '')];
  }
  const reader = compilePath({ value: path, place }, scope, compiler);
  if (!reader) return () => [];
  return (frame) => {
    const texts = reader.all(frame).map(({ text }) => text);
    return texts.length === 0 ? [''] : texts;
  };
}
