import { Title } from '@mantine/core';
import { Rows } from './card.tsx';
import { secondOf } from './format.ts';
import { Show, useLoaded } from './loading.tsx';
import { MessageViews } from './messages-page.tsx';
import { Link } from './router.tsx';

interface Code {
  readonly feed: string;
  readonly table: string;
  readonly code: string;
  readonly system: string;
  readonly display: string;
  readonly position: string;
  readonly element: string;
  readonly count: number;
  readonly firstAt: string;
  readonly lastAt: string;
  readonly example: string;
}

const head = [
  'Times',
  'Feed',
  'Table',
  'Code',
  'Called',
  'At',
  'First (UTC)',
  'Last (UTC)',
  'Such as',
];

/** Codes that no table has and no system explains, the most frequent first. */
export function CodesPage() {
  const found = useLoaded<{ codes: readonly Code[]; messages: number; more: boolean }>(
    '/api/codes',
  );
  return (
    <>
      <Title order={1}>Codes to do</Title>
      <MessageViews />
      <Show of={found}>
        {({ codes, messages }) => (
          <>
            {codes.length === 0 && <p>Every code has a row, or a system that others know.</p>}
            {codes.length > 0 && (
              <>
                <p className="dim">
                  Those of no table are of the newest {messages} messages. weir codes todo --csv
                  gives them as a sheet, weir codes import takes it back.
                </p>
                <Rows label="Codes" head={head} rows={codes.map(rowOf)} />
              </>
            )}
          </>
        )}
      </Show>
    </>
  );
}

function rowOf(each: Code) {
  const { feed, table, code, system, display, position, element, count, example } = each;
  return {
    key: [feed, table, system, code, element].join('|'),
    cells: [
      count,
      feed,
      table || 'none',
      <span key="code" title={system}>
        {code}
      </span>,
      display,
      [position, element].filter(Boolean).join(' '),
      each.firstAt === '' ? '' : secondOf(each.firstAt),
      each.lastAt === '' ? '' : secondOf(each.lastAt),
      example !== '' && (
        <Link key="example" to={`/messages/${example}`}>
          a message
        </Link>
      ),
    ],
  };
}
