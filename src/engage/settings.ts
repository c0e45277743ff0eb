import type { Cap, QuietHours } from './rule.ts';
import { isZone, parseOffset, parseWallTime } from './schedule.ts';
import { compileSchema, parseYaml, RuleError, schemaFaults } from './yaml-source.ts';
import { settingsSchema } from './rule-schema.ts';

/** `automations/settings.yaml`: what a site decides for all of its rules. */
export interface EngageSettings {
  /** Where neither location nor feed names a zone. */
  readonly zone: string | undefined;
  readonly quietHours: QuietHours | undefined;
  /** For every person, over all rules. */
  readonly cap: Cap | undefined;
  /** In order of preference; the first that reaches the recipient is taken. */
  readonly channels: { readonly patient: readonly string[]; readonly staff: readonly string[] };
  /** Code to name; `dept:<code>` in a rule must be one of them. */
  readonly departments: Readonly<Record<string, string>>;
}

interface SettingsSource {
  readonly zone?: string;
  readonly quietHours?: { readonly from: string; readonly to: string };
  readonly caps?: { readonly max: number; readonly per: string };
  readonly channels: EngageSettings['channels'];
  readonly departments: Readonly<Record<string, string>>;
}

const validate = compileSchema(settingsSchema);

/** Throws {@link RuleError} with every fault and its place. */
export function parseSettings(file: string, text: string): EngageSettings {
  const source = parseYaml(file, text);
  const faults = source.faults.length > 0 ? source.faults : schemaFaults(source, validate);
  if (faults.length > 0) throw new RuleError(faults);
  const value = source.value as SettingsSource;
  const at = <T>(path: readonly string[], read: () => T): T => {
    try {
      return read();
    } catch (error) {
      throw new RuleError([source.faultAt(path, (error as Error).message)]);
    }
  };
  if (value.zone !== undefined && !isZone(value.zone)) {
    throw new RuleError([source.faultAt(['zone'], `"${value.zone}" is no IANA time zone`)]);
  }
  const { quietHours, caps } = value;
  return {
    zone: value.zone,
    quietHours: quietHours && at(['quietHours'], () => parseQuietHours(quietHours)),
    cap: caps && { max: caps.max, per: at(['caps', 'per'], () => parseOffset(caps.per)) },
    channels: value.channels,
    departments: value.departments,
  };
}

export function parseQuietHours(source: {
  readonly from: string;
  readonly to: string;
}): QuietHours {
  return { from: parseWallTime(source.from), to: parseWallTime(source.to) };
}
