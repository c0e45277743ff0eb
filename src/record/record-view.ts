/** The sections, in the order of the record. */
export const sectionNames = [
  'identity',
  'contacts',
  'consent',
  'care-team',
  'tasks',
  'appointments',
  'results',
  'clinical',
  'care-plan',
  'communications',
  'coverage',
  'risk',
  'sources',
  'timeline',
] as const;
export type SectionName = (typeof sectionNames)[number];

/** The views of `$crm-record?view=`. */
export const recordViews = {
  card: ['identity', 'contacts', 'tasks', 'appointments', 'sources'],
  clinical: sectionNames.filter((name) => name !== 'coverage'),
  frontdesk: [
    'identity',
    'contacts',
    'consent',
    'tasks',
    'appointments',
    'communications',
    'coverage',
    'sources',
    'timeline',
  ],
  billing: ['identity', 'contacts', 'appointments', 'coverage', 'sources'],
  outreach: ['identity', 'contacts', 'consent', 'appointments', 'communications', 'care-plan'],
  full: sectionNames,
} as const satisfies Record<string, readonly SectionName[]>;
export type RecordView = keyof typeof recordViews;

/** The widest view of each role. A role that is not named sees nothing. */
const widestView: Readonly<Record<string, RecordView>> = {
  admin: 'full',
  clinician: 'full',
  nurse: 'full',
  integration: 'full',
  app: 'full',
  frontdesk: 'frontdesk',
  billing: 'billing',
  analyst: 'card',
};

/** The sections that a role gets of a view: what both allow, in the order of the record. */
export function sectionsFor(view: RecordView, role: string): readonly SectionName[] {
  const widest = widestView[role];
  if (widest === undefined) return [];
  const asked: readonly SectionName[] = recordViews[view];
  const allowed: readonly SectionName[] = recordViews[widest];
  return sectionNames.filter((name) => asked.includes(name) && allowed.includes(name));
}
