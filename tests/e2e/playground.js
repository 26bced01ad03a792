// The page, in the words of a person who uses it: by role and accessible name, never by class or structure.
import { expect } from '@playwright/test';

/** The names of the faults. */
export const FAULTS = [
  'Flaky model',
  'Rate limit',
  'Hung call',
  'Stalled stream',
  'Outage',
  'Runaway loop',
  'Risky tool',
  'Malformed arguments',
  'Lost acknowledgement',
];

/** A link to ten thousand events: a model that goes round for ever, an agent with no progress detector, and a cap of a thousand steps: ten events a step. */
export const LONG = 'v=2&faults=looping&policy=ms1000,proff';

/** The parts of the page, as the tabs of a phone name them. */
export const PLACES = ['Timeline', 'Faults', 'Why', 'State', 'Messages', 'Code'];
/** What a phone is: narrower than so many pixels. */
const PHONE = 640;

export class Playground {
  constructor(page) {
    this.page = page;
    this.step = this.button('Step');
    this.play = this.button('Play');
    this.pause = this.button('Pause');
    this.reset = this.button('Reset');
    this.position = page.getByRole('slider', { name: 'Position' });
    this.stride = page.getByRole('combobox', { name: 'Step by' });
    this.speed = page.getByRole('combobox', { name: 'Speed' });
    this.newSeed = this.button('New seed');
    this.seed = page.getByLabel('Seed', { exact: true });
    this.protection = this.toggle('Protection');
    this.status = page.getByRole('status');
    this.notice = page.getByRole('alert');
    this.dismiss = this.button('Dismiss');
    this.timeline = page.getByRole('region', { name: 'Timeline' });
    this.items = this.timeline.getByRole('button');
    // What need not be in sight: it is in a tab, on any window or on a phone.
    const hidden = { includeHidden: true };
    this.why = page.getByRole('region', { name: 'Why', ...hidden });
    this.breaker = page.getByRole('region', { name: 'Breaker', ...hidden });
    this.result = page.getByRole('region', { name: 'Result', ...hidden });
    this.table = page.getByRole('table', { name: 'Events', ...hidden });
    // The row of column headers has no cells.
    this.events = this.table.getByRole('row', hidden).filter({ has: page.getByRole('cell', hidden) });
    this.approval = page.getByRole('alertdialog', { name: 'Approval' });
    this.digest = this.fact(this.approval, 'Digest');
    this.approve = this.approval.getByRole('button', { name: 'Approve', exact: true });
    this.deny = this.approval.getByRole('button', { name: 'Deny', exact: true });
    this.proofs = page.getByRole('region', { name: 'Shown and run' });
    this.fork = page.getByRole('region', { name: 'Transport' }).getByRole('button', { name: 'Fork', exact: true });
    this.forkForm = page.getByRole('dialog', { name: 'Fork' });
    this.forkWhat = this.forkForm.getByLabel('What is otherwise');
    this.forkValue = this.forkForm.getByLabel('Value');
    this.branches = page.getByRole('region', { name: 'Branches' });
    this.branchTabs = this.branches.getByRole('listitem').getByRole('button');
    this.branchName = this.branches.getByLabel('Name');
    this.beside = this.branches.getByLabel('Beside it');
    this.differences = page.getByRole('region', { name: 'Differences' });
  }

  /** Opens the page, with what a link says after its `#`, and waits until it can be used. */
  async open(link = '') {
    await this.page.goto(link === '' ? '' : `#${link}`);
    await expect(this.step).toBeVisible();
    await this.whole();
  }

  /** Waits until all of the page is there; what is done before is held until then, which `loading.spec.js` tests. */
  async whole() {
    await expect(this.page.locator('#app')).not.toHaveAttribute('aria-busy');
  }

  button(name) {
    return this.page.getByRole('button', { name, exact: true });
  }

  /** Goes to where a part of the page is, one of `PLACES`: a phone shows one at a time, and elsewhere all are in sight. */
  async at(place) {
    if (this.page.viewportSize().width >= PHONE) return;
    const tab = this.page.getByRole('tablist', { name: 'Parts of the page' }).getByRole('tab', { name: place, exact: true });
    await tab.click();
    await expect(tab).toHaveAttribute('aria-selected', 'true');
  }

  /** Opens a tab of what comes of it: "Why", "State", "Messages" or "Code". */
  async openTab(name) {
    await this.page.getByRole('tab', { name, exact: true }).click();
    await expect(this.page.getByRole('tabpanel', { name, exact: true })).toBeVisible();
  }

  /** The switch of a fault, or "Protection". */
  toggle(name) {
    return this.page.getByRole('switch', { name, exact: true });
  }

  /** Exactly these faults, whatever was on before. */
  async setFaults(...names) {
    await this.at('Faults');
    for (const fault of FAULTS) await this.toggle(fault).setChecked(names.includes(fault));
  }

  /** Presses Step until so many events are shown; a press shows one. */
  async stepTo(count) {
    const shown = await this.events.count();
    await this.step.focus();
    for (let press = shown; press < count; press += 1) await this.page.keyboard.press('Enter');
    await expect(this.events).toHaveCount(count);
  }

  /** Steps to the end of a run, or to a question, which is after so many events. */
  async stepToEnd(count) {
    await this.stepTo(count);
    await expect(this.step).toBeDisabled();
  }

  /** Shows all there is at once, by the slider. */
  async jumpToEnd() {
    await this.position.press('End');
    await expect(this.step).toBeDisabled();
  }

  /** The text of every event shown, first to last. */
  async eventTexts() {
    await this.at('Timeline');
    const texts = await this.events.allInnerTexts();
    return texts.map((text) => text.replace(/\s+/g, ' ').trim());
  }

  /** The part of the loop that is lit: "think", "act", "observe", or nothing. */
  async currentPart() {
    await this.at('Timeline');
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

  /** What a list of facts says under that heading. */
  fact(region, term) {
    const heading = region.getByRole('term', { includeHidden: true }).filter({ hasText: new RegExp(`^${term}$`, 'i') });
    return heading.locator('xpath=following-sibling::dd[1]');
  }

  /** The row of the table of differences with that heading. */
  difference(what) {
    return this.differences.getByRole('row').filter({ has: this.page.getByRole('rowheader', { name: new RegExp(`^${what}`) }) });
  }

  /** Holds what the Result region says under these headings. */
  async expectResult(expected) {
    for (const [term, value] of Object.entries(expected)) {
      await expect(this.fact(this.result, term), term).toHaveText(String(value));
    }
  }

  /** Forks at the event that is looked at: what is otherwise, by its label, and its value where it has one. */
  async forkBy(what, value) {
    await this.fork.click();
    await expect(this.forkForm).toBeVisible();
    await this.forkWhat.selectOption({ label: what });
    if (value !== undefined) await this.forkValue.fill(value);
    await this.forkForm.getByRole('button', { name: 'Fork', exact: true }).click();
  }

  /** A bar or mark of the timeline by its full name, or by how that begins. */
  item(name) {
    return this.timeline.getByRole('button', { name, exact: true });
  }
}
