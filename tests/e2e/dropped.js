// Files that are dropped on the page.

/** What the npm package recorded; `crates/wasm/npm/test/agent-recorder.test.js` holds it against what the package records today. */
export const RECORDED = 'tests/incidents/npm.txt';

/** Drops a file with that text somewhere on the page. */
export async function drop(page, text, name = 'run.json') {
  const transfer = await page.evaluateHandle(([content, called]) => {
    const data = new DataTransfer();
    data.items.add(new File([content], called));
    return data;
  }, [text, name]);
  await page.getByRole('main').dispatchEvent('drop', { dataTransfer: transfer });
}
