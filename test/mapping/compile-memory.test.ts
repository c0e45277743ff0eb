import { describe, expect, it } from 'vitest';
import { readMapFiles } from '../../src/map-files.ts';
import { CompileMemory } from '../../src/mapping/compile-memory.ts';
import { compilePack } from '../../src/mapping/pack.ts';

const files = await readMapFiles([{ folder: 'mappings', shownAs: 'mappings' }]);
const overlay = (more: string) => ({
  path: 'site/lab.overlay.yaml',
  text: `overlay: lab\nbase: [oru-r01@1]\nwhen: { feed: [lab] }\n${more}\n`,
});
const settled = (pack: ReturnType<typeof compilePack>['pack'], name: string) =>
  pack?.maps.find((map) => map.name === name);

describe('a pack that is compiled again', () => {
  it('makes anew only the maps on which the changed overlay lies', () => {
    const memory = new CompileMemory();
    const first = compilePack([...files, overlay('ignore: { ZLB-1: set id }')], memory);
    const next = compilePack([...files, overlay('ignore: { ZLB-2: set id }')], memory);
    expect([first.issues, next.issues]).toEqual([[], []]);
    expect(settled(next.pack, 'siu')).toBe(settled(first.pack, 'siu'));
    expect(settled(next.pack, 'oru-r01')).not.toBe(settled(first.pack, 'oru-r01'));
    const ignored = settled(next.pack, 'oru-r01')?.variants[0]?.map.ignored;
    expect([ignored?.has('ZLB-2'), ignored?.has('ZLB-1')]).toEqual([true, false]);
  });

  it('makes all of them anew where a file of the base is another', () => {
    const memory = new CompileMemory();
    const first = compilePack(files, memory);
    const changed = files.map((file) => (file.path.endsWith('siu.map.yaml') ? { ...file } : file));
    const next = compilePack(changed, memory);
    expect(settled(next.pack, 'oru-r01')).not.toBe(settled(first.pack, 'oru-r01'));
  });

  it('tells a fault each time, until it is mended', () => {
    const memory = new CompileMemory();
    const faulty = [...files, overlay('resources: { observation: { set: { nonsense: 1 } } }')];
    const { issues } = compilePack(faulty, memory);
    expect(issues).toHaveLength(compilePack(faulty).issues.length);
    expect(compilePack(faulty, memory).issues).toEqual(issues);
    expect(compilePack([...files, overlay('')], memory).issues).toEqual([]);
    const base = faulty.map((file) => ({
      ...file,
      text: file.text.replace('else: keep', 'els: keep'),
    }));
    const faults = compilePack(base, memory).issues;
    expect(faults).toEqual(compilePack(base).issues);
    expect(compilePack(files, memory).issues).toEqual([]);
  });
});
