import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../../src/cli/root.ts';
import { tokenFor } from '../../src/security/sign-in.ts';
import { audience } from '../../src/security/token.ts';
import { buildPagesIfStale } from '../../src/web/build.ts';
import { until } from '../feed/destination/destination-fixture.ts';
import { Receiver, says } from '../feed/destination/receiver.ts';
import { runApp, type RunningApp } from './running-app.ts';

const executablePath = '/usr/bin/chromium';
const installed = existsSync(executablePath);
const folder = mkdtempSync(join(tmpdir(), 'weir-destination-pages-'));
const archive = new Receiver([says('AR')]);
let running: RunningApp;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  if (!installed) return;
  expect(await buildPagesIfStale(root)).toMatch(/fresh|built/);
  mkdirSync(join(folder, 'destinations'));
  const port = String(await archive.listen());
  writeFileSync(
    join(folder, 'destinations/archive.destination.yaml'),
    `destination: archive\ntitle: The archive\naddress: 127.0.0.1:${port}\nreceiving: { application: ARCHIVE }\npass: [{ only: { MSH-9: 'ADT^*' } }]\n`,
  );
  running = await runApp({ site: folder, store: 'memory' });
  const adt = (id: string): string =>
    `MSH|^~\\&|EHR|M|W|H|20260501||ADT^A31|${id}|P|2.5.1\rEVN||20260501\rPID|1||1^^^M^MR||DOE^JO||1980|Q\r`;
  expect(await running.send(adt('m1'), adt('m2'))).toEqual(['AA', 'AA']);
  await until(() => archive.received.length === 1);
  await running.app.idle();
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  page = await (await browser.newContext()).newPage();
  page.setDefaultTimeout(15_000);
  const who = { id: 'iris', display: 'Iris Hall', role: 'analyst' } as const;
  const token = await tokenFor(
    { keys: running.app.keys, clock: () => new Date(), newId: () => crypto.randomUUID() },
    who,
    { audience: audience.signIn, ttlSeconds: 600 },
  );
  await page.goto(
    `${running.app.http}/auth/link?token=${token}&to=${encodeURIComponent('/destinations')}`,
  );
}, 90_000);
afterAll(async () => {
  if (installed) {
    await browser.close();
    await running.close();
    await archive.close();
  }
  rmSync(folder, { recursive: true });
});

const row = (table: string, text: string | RegExp): Locator =>
  page.getByRole('table', { name: table }).getByRole('row').filter({ hasText: text });

describe.skipIf(!installed)('the pages of destinations', () => {
  it('says how each stands and why, and what waits can be sent again or left out, for a reason', async () => {
    await row('Destinations', /The archive.*held.*2.*closed.*The receiver answered AR/).waitFor();
    await page.getByRole('link', { name: 'The archive' }).click();
    await row('Waiting', /ADT\^A31.*m1.*held.*AR/).waitFor();
    await row('Waiting', /m2.*queued/).waitFor();
    archive.play(says('AA'));
    await row('Waiting', 'm1').getByRole('button', { name: 'Skip' }).click();
    await page.getByLabel('Why skip m1?').fill('sent by telephone');
    await page.getByRole('button', { name: 'Never send it' }).click();
    await row('Settled', /m1.*skipped.*Skipped by Iris Hall: sent by telephone/).waitFor();
    await until(() => archive.controlIds.includes('m2'));
    await running.app.idle();
    await page.reload();
    await row('Settled', /m2.*acknowledged.*AA/).waitFor();
  });

  it('pauses one, and says by whom', async () => {
    await page.getByRole('link', { name: 'Destinations' }).click();
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByLabel('Why pause The archive?').fill('a new version');
    await page.getByRole('button', { name: 'Pause' }).last().click();
    await row('Destinations', /paused.*Paused by Iris Hall: a new version/).waitFor();
  });

  it('lists the codes that nobody knows', async () => {
    await page.getByRole('link', { name: 'Codes' }).click();
    await row('Codes', /AdministrativeSex.*Q.*PID-8/).waitFor();
  });
});
