// MCP Inspector's page in a browser, as a person uses it who calls a tool that needs approval:
//
//   node inspector.mjs INSPECTOR CONSOLE TOOL ARGUMENT...
//
// The person writes 1 into the fields of these arguments.
// INSPECTOR is the page's address with its token, CONSOLE the console's, whose token MCP_POLICY_TOKEN holds; MCP_POLICY_BROWSER names
// the browser's folder. Prints, as JSON, what the page shows: `server`, and of each of three `calls` its `dialog`, the address that a press
// has `opened`, and `result`. The person lets an approver decide on the first, none on the second, and cancels the third.

import { Console, startBrowser } from './console.mjs';

const [inspector, desk, tool, ...fields] = process.argv.slice(2);

async function main() {
  const browser = await startBrowser();
  try {
    const context = await browser.newContext({ viewport: { width: 1300, height: 900 } });
    // No console listens at the address that the configuration names.
    await context.route('http://localhost:10001/**', (route) => route.fulfill({ contentType: 'text/html', body: '<title>the console</title>' }));
    const page = await context.newPage();
    page.setDefaultTimeout(60000);
    await page.goto(inspector);
    await connect(page);
    const server = await page.locator('main').innerText();
    await page.getByText('Tools', { exact: true }).first().click();
    await page.getByRole('button', { name: tool }).click();
    const calls = [];
    for (const step of [approve, pretend, cancel]) calls.push(await callTool(page, (dialog) => step(browser, page, dialog)));
    console.log(JSON.stringify({ server, calls }));
  } finally {
    await browser.close();
  }
}

// Turns the switch on, again if the page did not react to it yet.
async function connect(page) {
  const toggle = page.getByRole('switch', { name: /^Connect/ });
  const connected = page.getByText('Connected', { exact: true });
  for (let attempt = 1; ; attempt++) {
    if (!(await toggle.isChecked())) await toggle.click({ force: true });
    try {
      return await connected.waitFor({ timeout: 20000 });
    } catch (late) {
      if (attempt === 6) throw late;
    }
  }
}

// Calls the tool, and answers the dialog that comes.
async function callTool(page, answer) {
  for (const field of fields) await page.getByLabel(new RegExp(`^${field}\\b`)).fill('1');
  await page.getByRole('button', { name: 'Execute Tool' }).click();
  const dialog = page.getByRole('dialog', { name: 'Elicitation Request' });
  await dialog.waitFor();
  const shown = await dialog.innerText();
  const more = await answer(dialog);
  const close = page.getByRole('button', { name: /^Close (results|error)$/ });
  await close.waitFor();
  const result = await page.locator('main').innerText();
  await close.click();
  return { dialog: shown, ...more, result };
}

const press = (dialog, name) => dialog.getByRole('button', { name, exact: true }).click();

// Opens the page, and an approver decides at the console.
async function approve(browser, page, dialog) {
  const popup = page.waitForEvent('popup');
  await press(dialog, 'Open in Browser');
  const opened = (await popup).url();
  const tab = await Console.open(browser, desk, { hash: `#token=${process.env.MCP_POLICY_TOKEN}` });
  await tab.ready();
  await tab.answer(opened.split('#')[1], 'Approve');
  await press(dialog, "I've completed it");
  return { opened };
}

// Opens the page, and says that it is done, before an approver has decided.
async function pretend(_, page, dialog) {
  const popup = page.waitForEvent('popup');
  await press(dialog, 'Open in Browser');
  const opened = (await popup).url();
  await press(dialog, "I've completed it");
  return { opened };
}

async function cancel(_, __, dialog) {
  await press(dialog, 'Cancel');
}

main().catch((error) => {
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
});
