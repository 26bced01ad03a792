// What a person does who has a keyboard and no mouse.
import { expect } from '@playwright/test';

/** More stops than the page has. */
export const MANY_STOPS = 200;

/** Where focus is, and how it shows. */
export function focused(page) {
  return page.evaluate(() => {
    const element = document.activeElement;
    if (element === null || element === document.body) return { name: 'nothing', shows: false };
    const rings = [element, element.parentElement, element.nextElementSibling, element.previousElementSibling]
      .filter((near) => near !== null)
      .filter((near) => {
        const { outlineStyle, outlineWidth } = getComputedStyle(near);
        return outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2;
      });
    const name = element.getAttribute('aria-label') ?? element.labels?.[0]?.innerText ?? element.innerText ?? '';
    return { name: `${element.tagName.toLowerCase()} ${name.trim()}`, shows: rings.length > 0 };
  });
}

/** Presses Tab until that element has focus; every stop on the way must show where focus is. */
export async function tabTo(page, locator) {
  await expect(locator).toBeVisible();
  for (let stop = 0; stop < MANY_STOPS; stop += 1) {
    if (await locator.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
    const { name, shows } = await focused(page);
    if (name !== 'nothing') expect(shows, `focus shows on ${name}`).toBe(true);
  }
  throw new Error(`Tab never reaches ${locator}`);
}

/** Presses a key on an element, which must keep focus, or hand it to another. */
export async function pressOn(page, locator, key, heir = locator) {
  await tabTo(page, locator);
  await page.keyboard.press(key);
  await expect(heir, 'has focus then').toBeFocused();
}
