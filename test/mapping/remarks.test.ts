import { expect, it } from 'vitest';
import { defaultFeed } from '../../src/feed/feed.ts';
import { mapBytes } from '../../src/cli/map-message.ts';
import { openMaps } from '../../src/cli/maps.ts';

it('what is wrong with a value is said once, however many rules read it', async () => {
  const { pack } = await openMaps({ site: '', zone: 'UTC' });
  if (pack === undefined) throw new Error('The base pack has a fault');
  const mapping = { pack, feeds: [{ zone: 'UTC', ...defaultFeed }], receivedAt: new Date() };
  const { issues } = mapBytes(
    Buffer.from(
      'MSH|^~\\&|A|B|C|D|20260501||ADT^A31^ADT_A05|1|P|2.5.1\rEVN||20260501\rPID|1||1^^^B^MR||A^B||19801399123456',
    ),
    mapping,
  );
  const about = issues.filter(({ location }) => location?.startsWith('PID-7'));
  expect(about.map(({ location }) => location)).toEqual(['PID-7']);
});
