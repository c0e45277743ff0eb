/** C0 controls but tab, LF and CR: FHIR's texts may not hold them, and HL7's only in escapes. */
export const controlCharacter = /[\0-\x08\x0b\x0c\x0e-\x1f]/;

/** Whether a text holds a character that no text of FHIR may. */
export function hasControls(text: string): boolean {
  return controlCharacter.test(text);
}
