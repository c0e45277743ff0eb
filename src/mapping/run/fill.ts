import type { CompiledSlot, Frame, Target } from './compiled.ts';

/** Runs the slots of a nested `set`; false where a required one gave nothing, then there is no element. */
export function fillSlots(slots: readonly CompiledSlot[], frame: Frame, target: Target): boolean {
  for (const slot of slots) {
    if (slot.isIdle?.(frame) === true) continue;
    const outcome = slot.run(frame, target);
    if (outcome !== 'absent' || slot.required === undefined) continue;
    if (slot.required !== 'skip') {
      const { run, value } = frame;
      const diagnostics = `${target.path} was not made: its required ${slot.name} has no value`;
      const location = value ? run.position(value.position) : slot.source;
      run.issue('warning', 'required-field', { diagnostics, location });
    }
    return false;
  }
  return true;
}
