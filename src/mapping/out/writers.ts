import type { Write } from './say.ts';
import { writeCode, writeCoded } from './write-code.ts';
import { writeCx, writeEi, writePl, writeXon } from './write-identifier.ts';
import { writeXad, writeXcn, writeXpn, writeXtn } from './write-person.ts';
import { writeText, writeYesNo } from './write-text.ts';
import { writeClock, writeDate, writeLength, writeRange, writeTime } from './write-time.ts';
import {
  writeAttachment,
  writeAttachmentType,
  writeData,
  writeMinutes,
  writePointer,
  writeReferenceRange,
  writeUnit,
  writeValue,
  writeValueType,
} from './write-value.ts';

/** By the v2 type that `as` names, or that the field has. */
export const writers: Readonly<Record<string, Write>> = {
  CE: writeCoded,
  CF: writeCoded,
  CNE: writeCoded,
  CWE: writeCoded,
  ID: writeCode,
  IS: writeCode,
  ST: writeText,
  TX: writeText,
  FT: writeText,
  NM: writeText,
  SI: writeText,
  YN: writeYesNo,
  DT: writeDate,
  TS: writeTime,
  DTM: writeTime,
  TM: writeClock,
  DR: writeRange,
  CX: writeCx,
  EI: writeEi,
  XON: writeXon,
  PL: writePl,
  XPN: writeXpn,
  XCN: writeXcn,
  XAD: writeXad,
  XTN: writeXtn,
  ED: writeData,
  RP: writePointer,
  valueType: writeValueType,
  value: writeValue,
  unit: writeUnit,
  range: writeReferenceRange,
  minutes: writeMinutes,
  length: writeLength,
  attachment: writeAttachment,
  attachmentType: writeAttachmentType,
};
