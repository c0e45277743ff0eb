/** What a message of a file is called: the second of `a.hl7` is `a.hl7 #1`. */
export function sampleName(file: string, index: number): string {
  return `${file} #${String(index)}`;
}
