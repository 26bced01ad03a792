// The page, in the words of a person who uses it: by role and accessible name, never by class or structure.
import { expect } from '@playwright/test';

/** The names of the five faults. */
export const FAULTS = ['Flaky model', 'Hung call', 'Outage', 'Runaway loop', 'Risky tool'];

export class Playground {
  constructor(page) {
    this.page = page;
    this.step = this.button('Step');
    this.play = this.button('Play');
    this.pause = this.button('Pause');
    this.reset = this.button('Reset');
    this.newSeed = this.button('New seed');
    this.seed = page.getByLabel('Seed', { exact: true });
    this.protection = this.toggle('Protection');
    this.status = page.getByRole('status');
    this.notice = page.getByRole('alert');
    this.dismiss = this.button('Dismiss');
    this.timeline = page.getByRole('region', { name: 'Timeline' });
    this.items = this.timeline.getByRole('button');
    this.why = page.getByRole('region', { name: 'Why' });
    this.breaker = page.getByRole('region', { name: 'Breaker' });
    this.result = page.getByRole('region', { name: 'Result' });
    this.table = page.getByRole('table', { name: 'Events' });
    // The row of column headers has no cells.
    this.events = this.table.getByRole('row').filter({ has: page.getByRole('cell') });
    this.approval = page.getByRole('alertdialog', { name: 'Approval' });
    this.approve = this.approval.getByRole('button', { name: 'Approve', exact: true });
    this.deny = this.approval.getByRole('button', { name: 'Deny', exact: true });
  }

  /** Opens the page, with what a link says after its `#`, and waits until it can be used. */
  async open(link = '') {
    await this.page.goto(link === '' ? '' : `#${link}`);
    await expect(this.step).toBeVisible();
  }

  button(name) {
    return this.page.getByRole('button', { name, exact: true });
  }

  /** The switch of a fault, or "Protection". */
  toggle(name) {
    return this.page.getByRole('switch', { name, exact: true });
  }

  /** Exactly these faults, whatever was on before. */
  async setFaults(...names) {
    for (const fault of FAULTS) await this.toggle(fault).setChecked(names.includes(fault));
  }

  /** Presses Step so often. */
  async stepTimes(times) {
    for (let press = 0; press < times; press += 1) await this.step.click();
  }

  /** Presses Step until there is nothing left to show, or a human is asked. Answers how often. */
  async stepToEnd() {
    let presses = 0;
    while ((await this.approval.isHidden()) && (await this.step.isEnabled())) {
      await this.step.click();
      presses += 1;
      await expect(this.events).toHaveCount(presses);
    }
    return presses;
  }

  /** The text of every event shown, first to last. */
  async eventTexts() {
    const texts = await this.events.allInnerTexts();
    return texts.map((text) => text.replace(/\s+/g, ' ').trim());
  }

  /** The part of the loop that is lit: "think", "act", "observe", or nothing. */
  async currentPart() {
    const lit = this.page.locator('[aria-current="step"]');
    return (await lit.count()) === 0 ? '' : /\w+/.exec(await lit.innerText())[0].toLowerCase();
  }

  /** Holds that events like these are shown, in this order. */
  async expectEvents(patterns) {
    const texts = await this.eventTexts();
    let from = 0;
    for (const pattern of patterns) {
      const found = texts.findIndex((text, index) => index >= from && pattern.test(text));
      expect(found, `${pattern} in order among\n${texts.join('\n')}`).not.toBe(-1);
      from = found;
    }
  }

  /** Holds what the Result region says under these headings. */
  async expectResult(expected) {
    for (const [term, value] of Object.entries(expected)) {
      const heading = this.result.getByRole('term').filter({ hasText: new RegExp(`^${term}$`, 'i') });
      await expect(heading).toHaveCount(1);
      await expect(heading.locator('xpath=following-sibling::dd[1]'), term).toHaveText(String(value));
    }
  }

  /** A bar or mark of the timeline by its full name, or by how that begins. */
  item(name) {
    return this.timeline.getByRole('button', { name, exact: true });
  }
}
