import fastify, { type FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { httpFeed } from '../../src/feed/http-feed.ts';
import { readXmlMessage } from '../../src/hl7v2/xml/read.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import { answerFailure } from '../../src/web/failure.ts';
import { ehr, patientOf, processorOn } from './pipeline-fixture.ts';

let app: FastifyInstance;
let store: Store;

async function start(charset?: string): Promise<void> {
  store = openMemoryStore();
  const feed = { ...ehr, ...(charset === undefined ? {} : { charset }) };
  const { processor } = processorOn(store, { feeds: () => [feed] });
  app = fastify();
  app.setErrorHandler(answerFailure);
  await app.register(httpFeed, {
    onFrame: processor.onFrame,
    charsetOf: () => charset,
    authorize: async () => undefined,
  });
}
afterEach(async () => app.close());

function post(payload: string, type = 'application/hl7-v2+xml') {
  return app.inject({
    method: 'POST',
    url: '/hl7/ehr',
    payload,
    headers: { 'content-type': type },
  });
}

const xml = (family: string, msh18 = '', pid = ''): string => `<?xml version="1.0"?>
<ADT_A01 xmlns="urn:hl7-org:v2xml">
  <MSH><MSH.1>|</MSH.1><MSH.2>^~\\&amp;</MSH.2><MSH.3><HD.1>EHR</HD.1></MSH.3><MSH.4><HD.1>MERCY</HD.1></MSH.4>
    <MSH.9><MSG.1>ADT</MSG.1><MSG.2>A08</MSG.2></MSH.9><MSH.10>X1</MSH.10><MSH.11><PT.1>P</PT.1></MSH.11>
    <MSH.12><VID.1>2.5.1</VID.1></MSH.12><MSH.18>${msh18}</MSH.18></MSH>
  <EVN><EVN.2><TS.1>202605011000</TS.1></EVN.2></EVN>
  <PID><PID.3><CX.1>M1</CX.1><CX.4><HD.1>MERCY</HD.1></CX.4><CX.5>MR</CX.5></PID.3>
    <PID.5><XPN.1><FN.1>${family}</FN.1></XPN.1><XPN.2>Maria</XPN.2></PID.5>${pid}</PID>
</ADT_A01>`;

describe('a message in XML', () => {
  it.each(['application/hl7-v2+xml', 'application/xml', 'text/xml; charset=utf-8'])(
    'as %s is taken, and answered in XML',
    async (type) => {
      await start();
      const response = await post(xml('O|Brien &amp; Söhne 漢', '8859/1'), type);
      expect(response.statusCode).toBe(200);
      expect(response.headers['content-type']).toBe('application/hl7-v2+xml; charset=utf-8');
      expect(response.body).toContain('<ACK xmlns="urn:hl7-org:v2xml"><MSH><MSH.1>|</MSH.1>');
      expect(response.body).toContain('<MSA.1>AA</MSA.1><MSA.2>X1</MSA.2>');
      const { er7 } = readXmlMessage(Buffer.from(response.body));
      expect(er7).toContain('|WEIR|');
      const { name } = await patientOf(store, 'person|urn%3Amercy|M1');
      expect(name).toMatchObject([{ family: 'O|Brien & Söhne 漢' }]);
      const { entries } = await store.journal.list({ count: 1 });
      expect(Buffer.from(entries[0]?.bytes ?? []).toString()).toContain(
        'PID|||M1^^^MERCY^MR||O\\F\\Brien \\T\\ Söhne 漢^Maria',
      );
      expect((await post(xml('O|Brien &amp; Söhne 漢', '8859/1'), type)).body).toBe(response.body);
    },
  );

  it('a fault is named by its place, as ever', async () => {
    await start();
    const response = await post(xml('A').replace('<MSG.1>ADT', '<MSG.1>ZZZ').replace('A08', 'Z99'));
    expect(response.body).toContain('<MSA.1>AR</MSA.1>');
    expect(response.body).toMatch(
      /<ERR.2><ERL.1>MSH<\/ERL.1><ERL.2>1<\/ERL.2><ERL.3>9<\/ERL.3><\/ERR.2>/,
    );
  });

  it('what cannot be read is refused with line and column, and nothing is kept', async () => {
    await start();
    for (const body of [xml('A').slice(0, -4), `<!DOCTYPE a>${xml('A')}`, xml('&x;')]) {
      const response = await post(body);
      expect(response.statusCode).toBe(400);
      expect(response.json<{ message: string }>().message).toMatch(/line \d+, column \d+/);
    }
    expect((await store.journal.list({ count: 1 })).entries).toEqual([]);
  });

  it('in the charset of the feed, where that can say it', async () => {
    await start('windows-1252');
    expect((await post(xml('Söhne'))).body).toContain('<MSA.1>AA</MSA.1>');
    const { name } = await patientOf(store, 'person|urn%3Amercy|M1');
    expect(name).toMatchObject([{ family: 'Söhne' }]);
    const response = await post(xml('漢'));
    expect(response.statusCode).toBe(400);
    expect(response.body).toContain('not in the charset of the feed');
  });
});
