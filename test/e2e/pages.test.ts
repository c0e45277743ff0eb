import { existsSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { DateTime } from 'luxon';
import { chromium } from 'playwright-core';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { play } from '../../src/cli/demo/play.ts';
import { root } from '../../src/cli/root.ts';
import { readScenario } from '../../src/cli/demo/scenario.ts';
import { parseAddress } from '../../src/ops/address.ts';
import { createAccount } from '../../src/security/account.ts';
import type { Principal } from '../../src/security/principal.ts';
import { tokenFor } from '../../src/security/sign-in.ts';
import { audience } from '../../src/security/token.ts';
import { firstAdministrator } from '../../src/web/auth-routes.ts';
import { buildPagesIfStale } from '../../src/web/build.ts';
import { runApp } from './running-app.ts';
import type { RunningApp } from './running-app.ts';

const executablePath = '/usr/bin/chromium';
const installed = existsSync(executablePath);
const site = 'fixtures/demo-site';
const nurse: Principal = { id: 'ann', display: 'Ann Wells', role: 'nurse' };
const analyst: Principal = { id: 'iris', display: 'Iris Hall', role: 'analyst' };
const password = 'correct horse';

let running: RunningApp;
let browser: Browser;
let context: BrowserContext;
let page: Page;
let troubles: string[];

beforeAll(async () => {
  if (!installed) return;
  expect(await buildPagesIfStale(root)).toMatch(/fresh|built/);
  running = await runApp({ site, store: 'memory' });
  const frames = readScenario(site, DateTime.utc());
  const { host, port } = parseAddress(running.app.mllp);
  await play({ frames, host, port, pauseMs: 0, onFrame: () => undefined });
  await running.app.idle();
  browser = await chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
    ],
  });
}, 90_000);

afterAll(async () => {
  if (!installed) return;
  await browser.close();
  await running.close();
});

beforeEach(async () => {
  if (!installed) return;
  troubles = [];
  context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    colorScheme: 'light',
  });
  context.setDefaultTimeout(15_000);
  page = await context.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') troubles.push(message.text());
  });
  page.on('pageerror', (error) => troubles.push(error.message));
  page.on('requestfailed', (request) => {
    // A search that a newer one replaces is given up on purpose.
    const reason = request.failure()?.errorText ?? '';
    if (reason !== 'net::ERR_ABORTED') troubles.push(`${request.url()}: ${reason}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 400) troubles.push(`${response.url()}: ${response.status()}`);
  });
});

afterEach(async () => {
  if (!installed) return;
  await context.close();
});

async function link(principal: Principal, to = '/'): Promise<string> {
  const { app } = running;
  const token = await tokenFor(
    { keys: app.keys, clock: () => new Date(), newId: () => crypto.randomUUID() },
    principal,
    { audience: audience.signIn, ttlSeconds: 600 },
  );
  return `${app.http}/auth/link?token=${token}&to=${encodeURIComponent(to)}`;
}

/** Presses Tab until what has the focus is this. */
async function tabTo(target: Locator): Promise<void> {
  for (let presses = 0; presses < 40; presses += 1) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error('Tab never came there');
}

const heading = (name: string): Locator => page.getByRole('heading', { name, exact: false });
const card = (name: string): Locator => page.getByRole('region', { name });
const row = (part: Locator, text: string | RegExp): Locator =>
  part.getByRole('row').filter({ hasText: text });

describe.skipIf(!installed)(`the pages in a browser (skipped without ${executablePath})`, () => {
  it('from the one-time link to a person and back to the door, by keyboard alone', async () => {
    await page.goto(await link(nurse));
    await heading('People').waitFor();
    await page.getByText('Ann Wells').waitFor();

    await tabTo(page.getByRole('link', { name: 'Messages' }));
    await page.keyboard.press('/');
    await page.keyboard.type('alvarez mar');
    const found = page.getByRole('table', { name: 'People found' });
    await row(found, 'MARIA ELENA ALVAREZ').waitFor();
    await row(found, 'OKAFOR').waitFor({ state: 'detached' });
    expect(await found.getByRole('row').count()).toBe(2);
    await tabTo(found.getByRole('link', { name: 'MARIA ELENA ALVAREZ' }));
    await page.keyboard.press('Enter');
    await heading('MARIA ELENA ALVAREZ').waitFor();

    await tabTo(page.getByRole('button', { name: 'Sign out' }));
    await page.keyboard.press('Enter');
    await heading('Sign in to Weir').waitFor();
    expect(troubles).toEqual([]);
    await page.goto(`${running.app.http}/people`);
    await heading('Sign in to Weir').waitFor();
  });

  it.each([
    ['M1001', 'MARIA ELENA ALVAREZ'],
    ['1962-04-17', 'MARIA ELENA ALVAREZ'],
    ['rossi', 'SOFIA ROSSI-BIANCHI'],
    ['+1 847 5550111', 'SOFIA ROSSI-BIANCHI'],
  ])('finds a person by %s', async (text, name) => {
    await page.goto(await link(nurse));
    await page.getByRole('searchbox').fill(text);
    await page.getByRole('row').nth(2).waitFor({ state: 'detached' });
    await row(page.getByRole('table'), name).waitFor();
    await page.getByRole('searchbox').fill('nobody of this name');
    await page.getByText('Nobody by that name or number').waitFor();
    expect(troubles).toEqual([]);
  });

  it("shows a person's record on one page", async () => {
    const answer = await running.call('/fhir/Patient?identifier=M1001');
    const { entry } = (await answer.json()) as { entry: { resource: { id: string } }[] };
    await page.goto(await link(nurse, `/people/${entry[0]?.resource.id ?? ''}`));
    await heading('MARIA ELENA ALVAREZ').waitFor();
    const header = page.getByRole('main').locator('header');
    for (const text of ['female, born 1962-04-17', '114 Orchard St', 'MERCY M1001', 'LABCO L501']) {
      await header.getByText(text).waitFor();
    }
    await page.getByText('LabCo, results').waitFor();

    await row(card('To do'), /Critical result.*Potassium.*stat/i).waitFor();
    await row(card('Appointments'), /\d 08:30.*Follow-up.*HANNAH WELLS.*booked/).waitFor();
    expect(await card('Results').getByRole('row').count()).toBe(13);
    const potassium = row(card('Results'), 'Potassium');
    await potassium.getByText('6.8 mmol/L').waitFor();
    await potassium.getByTitle('critical high').waitFor();
    expect(
      await card('Results')
        .getByTitle(/critical/)
        .count(),
    ).toBe(1);
    await row(card('Medications'), /Lisinopril.*Take one tablet.*active/).waitFor();
    await row(card('Problems and allergies'), /Penicillin G.*allergy/).waitFor();
    await row(card('Communications'), /patient.*Reminder.*planned/).waitFor();
    await row(card('Communications'), /HANNAH WELLS.*Potassium.*sent/).waitFor();

    const timeline = card('Timeline');
    // The clock on the wall of the clinic, as in the card above, not that of the server.
    await row(timeline, /\d 08:30.*appointment.*Follow-up.*booked/).waitFor();
    await row(timeline, /message.*Your appointment is booked for/).waitFor();
    await row(timeline, /visit.*Medical Service/).waitFor();
    expect(troubles).toEqual([]);

    expect(await cutOff()).toEqual([]);
    if (process.env['WEIR_SCREENSHOT'] === '1') await picture();
  });

  it('shows a message as it came, as it was read and what it became', async () => {
    await page.goto(await link(nurse, '/messages'));
    const messages = page.getByRole('table', { name: 'Messages' });
    await row(messages, /pharmacy.*ZZZ\^Z99.*failed.*AR.*No map takes/).waitFor();
    await page.getByLabel('Search').fill(`MSH-10=L${DateTime.utc().toFormat('yyyyMMdd')}-001`);
    await messages.getByRole('row').nth(2).waitFor({ state: 'detached' });
    await tabTo(row(messages, 'laboratory').getByRole('link'));
    await page.keyboard.press('Enter');
    await heading('ORU^R01').waitFor();
    await page.getByText(/^MSH\|\^~\\&\|LABCO/).waitFor();
    await page.getByText(/MSA\|AA\|/).waitFor();
    await tabTo(page.getByRole('tab', { name: 'Raw' }));
    await page.keyboard.press('ArrowRight');
    await row(page.getByRole('tabpanel'), /PID\[\d\]-5.*Patient Name/).waitFor();
    await page.keyboard.press('ArrowRight');
    await page.getByText('"resourceType": "DiagnosticReport"').first().waitFor();
    await page.getByRole('link', { name: 'The person' }).click();
    await card('Results').waitFor();
    expect(troubles).toEqual([]);
  });

  it('searches by what stands in a message, and says what is not looked for', async () => {
    await page.goto(await link(nurse, '/messages'));
    const messages = page.getByRole('table', { name: 'Messages' });
    await page.getByLabel('Search').fill('PID-5=álvarez type=ORU^R01');
    await row(messages, 'ADT').first().waitFor({ state: 'detached' });
    await row(messages, 'ORU^R01').first().waitFor();
    expect(troubles).toEqual([]);
    await page.getByLabel('Search').fill('PID-7=1962');
    await page.getByText('Messages are not found by PID-7').waitFor();
  });

  it('shows those who only read no way to change a message', async () => {
    await page.goto(await link(nurse, '/messages/dead-letters'));
    const letters = page.getByRole('table', { name: 'Dead letters' });
    await letters.getByRole('row').nth(1).waitFor();
    expect(await page.getByRole('button', { name: /Retry/ }).count()).toBe(0);
    await letters.getByRole('row').nth(1).getByRole('link').nth(1).click();
    await page.getByText('Whom it is about is masked').waitFor();
    expect(await page.getByRole('button', { name: /Retry|Skip|Edit/ }).count()).toBe(0);
    expect(troubles).toEqual([]);
  });

  it('walks to older messages and filters by state', async () => {
    await page.goto(await link(nurse, '/messages'));
    await page.getByRole('button', { name: 'Older' }).click();
    await row(page.getByRole('table'), /-001/).first().waitFor();
    await page.getByLabel('State').selectOption('failed');
    await row(page.getByRole('table'), 'processed').first().waitFor({ state: 'detached' });
    expect(await page.getByRole('row').count()).toBe(4);
    expect(troubles).toEqual([]);
  });

  it('goes through the dead letters: why, by whom, an edit in the place of one, one set aside', async () => {
    await page.goto(await link(analyst, '/messages/dead-letters'));
    const letters = page.getByRole('table', { name: 'Dead letters' });
    const unknown = row(letters, /pharmacy.*ZZZ\^Z99.*failed.*No map takes/);
    await unknown.getByRole('link', { name: /No map takes/ }).click();
    await heading('ZZZ^Z99').waitFor();
    await page.getByText('Whom it is about is masked').waitFor();
    expect(await page.getByText('ALVAREZ').count()).toBe(0);
    await page.getByRole('tab', { name: 'Why' }).click();
    await page
      .getByText(/error message-type-unsupported/)
      .first()
      .waitFor();

    await page.getByRole('button', { name: 'Retry' }).click();
    await page.getByText('attempts 2').waitFor();
    await page.getByRole('tab', { name: 'Done with it' }).click();
    await row(page.getByRole('tabpanel'), /iris.*retry.*failed/).waitFor();

    await page.getByRole('button', { name: 'Unmask' }).click();
    await page.getByLabel('Why do you have to see it?').fill('to mend it');
    await page.keyboard.press('Enter');
    await page.getByText('Whom it is about is masked').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Edit' }).click();
    const text = page.getByLabel('The message that takes its place');
    const raw = await text.inputValue();
    await text.fill(raw.replace('ZZZ^Z99', 'ADT^A31'));
    await page.getByLabel('Why is it changed?').fill('they meant A31');
    await page.getByRole('button', { name: 'Send the edited message' }).click();
    await heading('ADT^A31').waitFor();
    await page.getByRole('tab', { name: 'Done with it' }).click();
    await page.getByRole('tabpanel').getByRole('link', { name: 'edited' }).click();
    await heading('ZZZ^Z99').waitFor();
    await page.getByRole('link', { name: 'The message that took its place' }).waitFor();
    expect(await page.getByRole('button', { name: 'Retry' }).count()).toBe(0);

    await page.goto(`${running.app.http}/messages/dead-letters`);
    await letters.getByRole('row').nth(1).waitFor();
    const before = await letters.getByRole('row').count();
    await letters.getByRole('row').nth(1).getByRole('link').nth(1).click();
    await page.getByRole('button', { name: 'Skip' }).click();
    await page.getByLabel('Why is it of no use?').fill('a test');
    await page.getByRole('button', { name: 'Set it aside' }).click();
    await page.getByText('ignored').waitFor();
    await page.getByRole('link', { name: 'Messages' }).click();
    await page.getByRole('link', { name: 'Dead letters' }).click();
    await letters
      .getByRole('row')
      .nth(before - 1)
      .waitFor({ state: 'detached' });
    expect(troubles).toEqual([]);
  });

  it('a used link, a wrong password and a role that may not: each says so', async () => {
    const once = await link(nurse);
    await page.goto(once);
    await heading('People').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await heading('Sign in to Weir').waitFor();
    await page.goto(once);
    await page.getByText('That link was used already').waitFor();

    await page.getByLabel('User name').fill('root');
    await page.getByLabel('Password').first().fill('a wrong password');
    await page.keyboard.press('Enter');
    const alert = page.getByRole('alert').filter({ hasText: 'The name or the password' });
    await alert.waitFor();

    await page.goto(await link({ ...nurse, role: 'billing' }, '/messages'));
    await page.getByText('The role billing does not read messages').waitFor();
  });

  it('the first administrator makes an account and signs in with it', async () => {
    await page.goto(await link(firstAdministrator));
    await heading('The first administrator').waitFor();
    await page.keyboard.type('Root');
    await page.getByLabel('Password').first().fill('too short');
    await page.keyboard.press('Enter');
    expect(page.url()).toContain('/administrator');
    await page.getByLabel('Password').first().fill(password);
    await page.keyboard.press('Enter');
    await heading('People').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('User name').fill('root');
    await page.getByLabel('Password').first().fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await heading('People').waitFor();
    expect(troubles).toEqual([]);
    await expect(
      createAccount(running.app.store, { ...nurse, name: 'root', password }, new Date()),
    ).rejects.toThrow('taken');
  });
});

/** Cells and badges whose text does not fit into them, or that stand out of their card. */
async function cutOff(): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = [];
    for (const part of document.querySelectorAll<HTMLElement>('section')) {
      if (part.scrollWidth > part.clientWidth) found.push(part.getAttribute('aria-label') ?? '');
    }
    for (const part of document.querySelectorAll<HTMLElement>('.mantine-Badge-root')) {
      if (part.scrollWidth > part.clientWidth) found.push(part.textContent);
    }
    return found;
  });
}

async function picture(): Promise<void> {
  await mkdir('docs/images', { recursive: true });
  const path = 'docs/images/person.png';
  await page.screenshot({ path, clip: { x: 0, y: 0, width: 1280, height: 1180 }, fullPage: true });
  expect((await stat(path)).size).toBeLessThan(200_000);
}
