/** Messages of a hospital, some 2 KB each, cheap to make: every one of another control id, of one of so many people. */
export type Kind = 'ADT' | 'ORU' | 'mixed';

/** The n-th message. */
export function messageOf(kind: Kind, n: number, people: number): Buffer {
  const isResult = kind === 'ORU' || (kind === 'mixed' && n % 4 === 3);
  const mrn = String(100_000 + ((n * 7_919) % people));
  return Buffer.from(isResult ? result(n, mrn) : update(n, mrn));
}

function time(n: number): string {
  const at = new Date(Date.UTC(2026, 2, 2, 8) + n * 1_000);
  return `${at.toISOString().slice(0, 19).replace(/[-T:]/g, '')}+0000`;
}

const pid = (n: number, mrn: string): string =>
  `PID|1||${mrn}^^^NORTHGATE^MR~${mrn}9^^^USSSA^SS||Patient^Number^Middle^Jr||19620417|F||2106-3^White^HL70005|` +
  `${String(n % 900)} Long Street^Apt 4^Northgate^NY^12345^USA^H||^PRN^PH^^1^555^${String(1_000_000 + (n % 9_000_000))}` +
  `~^PRN^Internet^person.${mrn}@example.org|^WPN^PH^^1^555^5550199|en^English^ISO639|M|CHR||||||||||||N`;

const doctor = (n: number): string =>
  `70${String(n % 40).padStart(2, '0')}^Doctor^Number ${String(n % 40)}^^^^MD^^NORTHGATE`;

function update(n: number, mrn: string): string {
  return [
    `MSH|^~\\&|EHR|NORTHGATE|WEIR|HUB|${time(n)}||ADT^A08^ADT_A01|A${String(n)}|P|2.5.1`,
    `EVN|A08|${time(n)}|||OP${String(n % 30)}^Clerk^Ann`,
    pid(n, mrn),
    `NK1|1|Relative^Of^Kin|SPO^Spouse^HL70063|${String(n % 90)} Long Street^^Northgate^NY^12345|^PRN^PH^^1^555^5550123`,
    `PV1|1|I|4W^${mrn.slice(-2)}^A^NORTHGATE||||${doctor(n)}|${doctor(n + 7)}||MED||||7|||${doctor(n)}||V${mrn}^^^NORTHGATE^VN`,
    `DG1|1||J18.9^Pneumonia, unspecified organism^I10||${time(n)}|A`,
    `AL1|1|DA^Drug allergy^HL70127|7980^Penicillin^RXNORM|SV^Severe^HL70128|Hives`,
    `IN1|1|PPO^Preferred^L|INS${String(n % 12)}|Insurer ${String(n % 12)}|1 Insurance Way^^Albany^NY^12207|||G${mrn}||||20260101|20261231||||SEL`,
    '',
  ].join('\r');
}

function result(n: number, mrn: string): string {
  const tests = ['2951-2^Sodium', '2823-3^Potassium', '2075-0^Chloride', '2028-9^CO2'];
  const more = ['3094-0^Urea', '2160-0^Creatinine', '2345-7^Glucose', '17861-6^Calcium'];
  return [
    `MSH|^~\\&|LIS|CENTRALLAB|WEIR|HUB|${time(n)}||ORU^R01^ORU_R01|R${String(n)}|P|2.5.1`,
    pid(n, mrn),
    `PV1|1|I|4W^${mrn.slice(-2)}^A^NORTHGATE||||${doctor(n)}||||||||||||V${mrn}^^^NORTHGATE^VN`,
    `ORC|RE|ORD-${String(n)}^EHR|LAB-${String(n)}^LAB||||||${time(n)}|||${doctor(n)}`,
    `OBR|1|ORD-${String(n)}^EHR|LAB-${String(n)}^LAB|24323-8^Metabolic panel^LN|||${time(n)}|||||||||${doctor(n)}||||||${time(n)}|||F`,
    ...[...tests, ...more].map(
      (test, at) =>
        `OBX|${String(at + 1)}|NM|${test}^LN|1|${String(100 + ((n + at) % 50))}|mmol/L^mmol/L^UCUM|90-150|N|||F|||${time(n)}||${doctor(n)}`,
    ),
    '',
  ].join('\r');
}
