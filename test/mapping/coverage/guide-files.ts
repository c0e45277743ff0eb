import { existsSync } from 'node:fs';

/** HL7's guide in the shared folder; it is not part of this repository. */
export const guideFolder = '../shared/data/v2-to-fhir-ig';

/** Why tests of the guide are skipped, or undefined where it is there. */
export const whyNoGuide = existsSync(guideFolder)
  ? undefined
  : `HL7's V2-to-FHIR guide is not in ${guideFolder}`;
