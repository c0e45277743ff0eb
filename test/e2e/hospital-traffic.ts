/** A number in [0, 1) after another; the same ones for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What one patient's senders say: `first` all at once, by several senders; then `then`, one after another. */
export interface Stream {
  readonly first: readonly string[];
  readonly then: readonly string[];
}

export interface TrafficOptions {
  readonly seed: number;
  readonly patients: number;
  readonly messagesPerPatient: number;
}

const hourMs = 3_600_000;
const firstHour = Date.UTC(2026, 2, 2, 8);
const authority = 'NORTHGATE';
const newcomerMessages = 4;

/**
 * A hospital's messages about some patients: stays (A01, A08, A03) and results (ORU), with a dozen doctors in common.
 * Every fifth patient is heard of first in four results at once.
 */
export function hospitalTraffic(options: TrafficOptions): readonly Stream[] {
  const { seed, patients, messagesPerPatient } = options;
  const random = seeded(seed);
  return Array.from({ length: patients }, (_, index) => {
    const patient = new Patient(String(100_000 + index), random);
    const isNewcomer = index % 5 === 4;
    const first = isNewcomer ? patient.resultsAtOnce(newcomerMessages) : [];
    const rest = messagesPerPatient - first.length;
    return { first, then: Array.from({ length: rest }, () => patient.next()) };
  });
}

class Patient {
  readonly #mrn: string;
  readonly #random: () => number;
  readonly #birth: string;
  #hour = 0;
  #count = 0;
  #visit = 0;
  #admitted = false;
  #phone = '5550100';

  constructor(mrn: string, random: () => number) {
    this.#mrn = mrn;
    this.#random = random;
    this.#birth = `19${this.#pick(40, 99)}0${this.#pick(1, 9)}1${this.#pick(0, 9)}`;
  }

  /** Results of different orders that say the same of the person, so that their order does not matter. */
  resultsAtOnce(count: number): string[] {
    this.#hour += 1;
    return Array.from({ length: count }, () => this.#result());
  }

  next(): string {
    this.#hour += 1;
    if (!this.#admitted) return this.#admission();
    const chance = this.#random();
    if (chance < 0.12) return this.#discharge();
    return chance < 0.5 ? this.#update() : this.#result();
  }

  #admission(): string {
    this.#admitted = true;
    this.#visit += 1;
    return this.#message('ADT^A01^ADT_A01', 'EHR|NORTHGATE', [
      `EVN|A01|${this.#time()}`,
      this.#pid(),
      this.#pv1(),
      `DG1|1||J18.9^Pneumonia, unspecified organism^I10||${this.#time()}|A`,
    ]);
  }

  #update(): string {
    this.#phone = `555${String(this.#pick(1000, 9999))}`;
    const segments = [`EVN|A08|${this.#time()}`, this.#pid(), this.#pv1()];
    return this.#message('ADT^A08^ADT_A01', 'EHR|NORTHGATE', segments);
  }

  #discharge(): string {
    this.#admitted = false;
    return this.#message('ADT^A03^ADT_A03', 'EHR|NORTHGATE', [
      `EVN|A03|${this.#time()}`,
      this.#pid(),
      this.#pv1(`|01^Discharged to home^HL70112||||||||${this.#time(-3)}|${this.#time()}`),
    ]);
  }

  #result(): string {
    const order = `${this.#mrn}-${String(this.#count)}`;
    const potassium = (3 + this.#pick(0, 40) / 10).toFixed(1);
    const flag = Number(potassium) > 6.5 ? 'HH' : Number(potassium) > 5.1 ? 'H' : 'N';
    const sodium = String(this.#pick(130, 150));
    return this.#message('ORU^R01^ORU_R01', 'LIS|CENTRALLAB', [
      this.#pid(),
      `ORC|RE|ORD-${order}^EHR|LAB-${order}^LAB`,
      `OBR|1|ORD-${order}^EHR|LAB-${order}^LAB|24323-8^Metabolic panel^LN|||${this.#time(-1)}` +
        `|||||||||${this.#doctor()}||||||${this.#time()}|||F`,
      `OBX|1|NM|2951-2^Sodium^LN|1|${sodium}|mmol/L^mmol/L^UCUM|135-145|N|||F|||${this.#time(-1)}`,
      `OBX|2|NM|2823-3^Potassium^LN|1|${potassium}|mmol/L^mmol/L^UCUM|3.5-5.1|${flag}|||F|||${this.#time(-1)}`,
    ]);
  }

  #message(type: string, sender: string, segments: readonly string[]): string {
    const id = `${this.#mrn}-${String((this.#count += 1))}`;
    const header = `MSH|^~\\&|${sender}|WEIR|HUB|${this.#time()}||${type}|${id}|P|2.5.1`;
    return `${[header, ...segments].join('\r')}\r`;
  }

  #pid(): string {
    const phone = `^PRN^PH^^1^555^${this.#phone}`;
    const name = `Patient^Number ${this.#mrn}`;
    return `PID|1||${this.#mrn}^^^${authority}^MR||${name}||${this.#birth}|F|||||${phone}`;
  }

  #pv1(discharge = ''): string {
    const visit = `V${this.#mrn}-${String(this.#visit)}^^^${authority}^VN`;
    const stay = `PV1|1|I|4W^${this.#mrn.slice(-2)}^A^${authority}||||${this.#doctor()}`;
    // PV1-19 is the visit, PV1-36 what follows it at discharge.
    return `${stay}||||||||||||${visit}${discharge === '' ? '' : '|'.repeat(16) + discharge}`;
  }

  #doctor(): string {
    const number = this.#pick(0, 11);
    return `70${String(number).padStart(2, '0')}^Doctor^Number ${String(number)}^^^^MD^^${authority}`;
  }

  #time(hours = 0): string {
    const at = new Date(firstHour + (this.#hour + hours) * hourMs);
    return `${at.toISOString().slice(0, 19).replace(/[-T:]/g, '')}+0000`;
  }

  #pick(from: number, to: number): number {
    return from + Math.floor(this.#random() * (to - from + 1));
  }
}
