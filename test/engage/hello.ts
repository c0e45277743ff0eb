import { compileRules, type RuleBook } from '../../src/engage/rules.ts';

/** What differs between packs of one message, each as YAML. */
interface Hello {
  /** Channels of patients, such as `[gateway]`. */
  readonly channels: string;
  readonly step: string;
  readonly example: string;
}

/** A pack with one message to the patient of an appointment. */
export function helloRules({ channels, step, example }: Hello): RuleBook {
  return compileRules([
    [
      {
        name: 'settings.yaml',
        text: `channels: {patient: ${channels}, staff: [in-app]}\ndepartments: {nursing: Nursing}\n`,
      },
      {
        name: 'pack.yaml',
        text: `
pack: pack
title: One message
templates: {hello: "Hello {{ focus.id }}"}
rules:
  - id: hello
    version: 1
    mode: live
    title: Hello
    on: [{resource: Appointment, change: [create]}]
    steps:
      - ${step}
    examples:
      - ${example}
`,
      },
    ],
  ]);
}
