// The drawer "Odds", in the words of a person who uses it.
import { expect } from '@playwright/test';

export class Odds {
  constructor(page) {
    this.page = page;
    this.region = page.getByRole('region', { name: 'Odds' });
    this.summary = this.region.getByText('What becomes of this agent', { exact: false });
    this.run = this.region.getByRole('button', { name: 'Run 10,000 seeds' });
    this.cancel = this.region.getByRole('button', { name: 'Cancel' });
    this.here = this.region.getByRole('button', { name: 'Run them on this page' });
    this.progress = this.region.getByRole('progressbar', { name: 'Runs made' });
    this.rival = this.region.getByLabel('Compare with');
    this.approver = this.region.getByLabel('Whoever is asked');
    this.table = this.region.getByRole('table', { name: /^Odds/ });
    this.bars = this.region.getByRole('button', { name: /; open seed \d+$/ });
    this.worst = this.region.getByRole('button', { name: /^Open the worst run/ });
  }

  /** Opens the drawer. */
  async open() {
    await this.summary.click();
    await expect(this.run).toBeVisible();
  }

  /** Finds the odds out, and waits for them. */
  async find() {
    await this.run.click();
    await expect(this.table).toBeVisible({ timeout: 20_000 });
    await expect(this.progress).toBeHidden();
  }

  /** What the table says: each row as its texts. */
  async figures() {
    const rows = await this.table.getByRole('row').allInnerTexts();
    return rows.map((row) => row.replace(/\s+/g, ' ').trim());
  }
}
