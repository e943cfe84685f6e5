// Lines like those of `cargo test`: `test browser::decide::a call is approved ... ok`.

import { basename } from 'node:path';

export default async function* report(events) {
  const failures = [];
  let passed = 0;
  for await (const { type, data } of events) {
    if (type === 'test:stderr' || type === 'test:stdout') yield data.message;
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    const name = `browser::${basename(data.file ?? '', '.test.mjs')}::${data.name}`;
    if (data.skip !== undefined) {
      yield `test ${name} ... ignored\n`;
      continue;
    }
    const ok = type === 'test:pass';
    yield `test ${name} ... ${ok ? 'ok' : 'FAILED'}\n`;
    if (ok) passed += 1;
    else failures.push(`---- ${name}\n${data.details.error?.cause?.stack ?? data.details.error?.stack}\n`);
  }
  yield `\n${failures.join('\n')}\ntest result: ${failures.length ? 'FAILED' : 'ok'}. ${passed} passed; ${failures.length} failed\n`;
}
