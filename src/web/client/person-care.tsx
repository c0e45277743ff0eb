import type {
  AllergyIntolerance,
  Appointment,
  Communication,
  CommunicationRequest,
  Condition,
  MedicationDispense,
  MedicationRequest,
} from '@medplum/fhirtypes';
import { Card, Rows, Time } from './card.tsx';
import { dateOf, displayOf, textOf } from './format.ts';

export function Appointments(props: { appointments: readonly Appointment[] }) {
  const rows = [...props.appointments].sort((a, b) => (b.start ?? '').localeCompare(a.start ?? ''));
  return (
    <Card title="Appointments" count={rows.length} empty="No appointments.">
      <Rows
        head={['When', 'For', 'With', 'Status']}
        rows={rows.map((visit) => ({
          key: visit.id ?? '',
          cells: [
            <Time key="t" at={visit.start} />,
            textOf(visit.serviceType?.[0] ?? visit.appointmentType ?? visit.reasonCode?.[0]),
            visit.participant
              ?.map(({ actor }) => actor)
              .filter((actor) => actor?.reference?.startsWith('Patient/') === false)
              .map((actor) => displayOf(actor))
              .join(', '),
            visit.status,
          ],
        }))}
      />
    </Card>
  );
}

export function Medications(props: {
  requests: readonly MedicationRequest[];
  dispenses: readonly MedicationDispense[];
}) {
  return (
    <Card title="Medications" count={props.requests.length} empty="No medications.">
      <Rows
        head={['Medication', 'How', 'Last fill', 'Status']}
        rows={props.requests.map((request) => ({
          key: request.id ?? '',
          cells: [
            textOf(request.medicationCodeableConcept) || displayOf(request.medicationReference),
            request.dosageInstruction
              ?.map(({ text }) => text)
              .filter(Boolean)
              .join('; '),
            <Time key="t" at={dateOf(lastFill(request, props.dispenses))} />,
            request.status,
          ],
        }))}
      />
    </Card>
  );
}

function lastFill(
  request: MedicationRequest,
  dispenses: readonly MedicationDispense[],
): string | undefined {
  return dispenses
    .filter(({ authorizingPrescription }) =>
      authorizingPrescription?.some(({ reference }) => reference?.endsWith(`/${request.id}`)),
    )
    .flatMap(({ whenHandedOver }) => whenHandedOver ?? [])
    .sort()
    .at(-1);
}

export function Problems(props: {
  conditions: readonly Condition[];
  allergies: readonly AllergyIntolerance[];
}) {
  const count = props.conditions.length + props.allergies.length;
  return (
    <Card title="Problems and allergies" count={count} empty="None known.">
      <Rows
        head={['What', 'Kind', 'Since']}
        rows={[
          ...props.allergies.map((allergy) => ({
            key: `a${allergy.id}`,
            cells: [textOf(allergy.code), 'allergy', dateOf(allergy.onsetDateTime)],
          })),
          ...props.conditions.map((condition) => ({
            key: `c${condition.id}`,
            cells: [textOf(condition.code), 'problem', dateOf(condition.onsetDateTime)],
          })),
        ]}
      />
    </Card>
  );
}

/** What was said and what will be: planned messages first, and why one was not sent. */
export function Communications(props: {
  communications: readonly Communication[];
  planned: readonly CommunicationRequest[];
}) {
  const planned = props.planned.filter(({ status }) => status === 'active' || status === 'on-hold');
  const said = [...props.communications].sort((a, b) => (b.sent ?? '').localeCompare(a.sent ?? ''));
  return (
    <Card
      title="Communications"
      count={planned.length + said.length}
      empty="Nothing said or planned."
    >
      <Rows
        head={['When', 'To', 'What', 'Status']}
        rows={[
          ...planned.map((request) => ({
            key: `p${request.id}`,
            cells: [
              <Time key="t" at={request.occurrenceDateTime} />,
              request.recipient?.map((to) => displayOf(to)).join(', '),
              request.payload?.[0]?.contentString ?? textOf(request.category?.[0]),
              'planned',
            ],
          })),
          ...said.map((communication) => ({
            key: `s${communication.id}`,
            cells: [
              <Time key="t" at={communication.sent ?? communication.meta?.lastUpdated} />,
              communication.recipient?.map((to) => displayOf(to)).join(', '),
              communication.payload?.[0]?.contentString ?? textOf(communication.category?.[0]),
              outcomeOf(communication),
            ],
          })),
        ]}
      />
    </Card>
  );
}

const outcomes: Readonly<Record<string, string>> = { completed: 'sent', 'not-done': 'not sent' };

function outcomeOf({ status, statusReason }: Communication): string {
  const outcome = outcomes[status ?? ''] ?? status ?? '';
  return statusReason === undefined ? outcome : `${outcome}: ${textOf(statusReason)}`;
}
