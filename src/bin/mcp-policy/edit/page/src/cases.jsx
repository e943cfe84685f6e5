// The cases beside the policy, and what the unsaved text decides otherwise than the file.

import { useEffect, useState } from 'preact/hooks';
import { ask } from './ask.js';
import { useSettled } from './field.jsx';

// An answer that follows its request: asked again when that changes, and late answers are dropped.
function useAnswer(name, body) {
  const [answer, setAnswer] = useState(null);
  const key = useSettled(JSON.stringify(body), 150);
  useEffect(() => {
    let isCurrent = true;
    ask(name, JSON.parse(key)).then((said) => isCurrent && setAnswer({ said }), ({ message }) => isCurrent && setAnswer({ error: message }));
    return () => { isCurrent = false; };
  }, [name, key]);
  return answer;
}

export function Cases({ text, cases, file, onCases, announce }) {
  const [turn, setTurn] = useState(0);
  const answer = useAnswer('run', { text, cases, turn });
  const rows = answer?.said ?? [];
  const passed = rows.filter(({ failure }) => failure.length === 0).length;
  const drop = async (index) => {
    try {
      onCases((await ask('drop', { cases, index })).cases);
    } catch ({ message }) {
      announce(message);
    }
  };
  return (
    <div class="form">
      <h2>Cases</h2>
      <p class="help">They are in <code>{file}</code>; <code>mcp-policy test</code> runs them, too. A call that you try can be kept as a case.</p>
      <p><button type="button" onClick={() => { setTurn(turn + 1); announce(`${passed} of ${rows.length} cases pass`); }}>Run all cases</button> <span role="status">{answer?.said && `${passed} of ${rows.length} pass`}</span></p>
      {answer?.error && <pre class="problems" role="alert">{answer.error}</pre>}
      <ul class="cases">{rows.map(({ name, failure }, i) => (
        <li key={name}>
          <span class={failure.length ? 'failed' : 'passed'}>{failure.length ? '✕ failed' : '✓ ok'}</span> {name}
          <button type="button" class="remove" aria-label={`Remove the case ${name}`} onClick={() => drop(i)}>✕</button>
          {failure.length > 0 && <pre tabIndex={0}>{failure.join('\n')}</pre>}
        </li>
      ))}</ul>
      <h3>What the text decides otherwise than the file</h3>
      <Changes text={text} cases={cases} />
    </div>
  );
}

// What is decided otherwise: on the cases, and by `compare` on all calls.
export function Changes({ text, cases }) {
  const answer = useAnswer('changes', { text, cases });
  if (!answer) return <p>Comparing…</p>;
  if (answer.error) return <pre class="problems" tabIndex={0}>{answer.error}</pre>;
  const { old, faulty, differences, flips } = answer.said;
  if (faulty) return <p>The file has mistakes, so it cannot be compared with the text.</p>;
  if (!old) return <p>There is no policy in the file to compare with.</p>;
  if (!differences.length && !flips.length) return <p>Nothing: both decide the same.</p>;
  return <>
    {flips.length > 0 && <>
      <h4>On the cases</h4>
      <ul class="flips">{flips.map(({ case: name, call, title, before, after }) => <li>{name}, call {call}: {title}: <del>{before}</del> → <ins>{after}</ins></li>)}</ul>
    </>}
    {differences.length > 0 && <>
      <h4>On all calls</h4>
      <ul class="flips">{differences.map(({ direction, certain, policy, targets, what }) => (
        <li class={direction}><strong>{certain ? '' : 'maybe '}{direction}</strong> {policy !== 'default' && `policy ${policy}: `}{targets.slice(0, 8).join(', ')}{targets.length > 8 && ` and ${targets.length - 8} more`}{targets.length > 0 && ': '}{what}</li>
      ))}</ul>
    </>}
  </>;
}

const GATEWAYS = { envoy: 'Envoy', istio: 'Istio', 'envoy-gateway': 'Envoy Gateway', sidecar: 'Sidecar', limitador: 'Limitador, the limits file' };
const OPTIONS = { envoy: 'The MCP server, an address', limitador: null };

export function Deploy({ text, upstreams, announce }) {
  const [gateway, setGateway] = useState('envoy');
  const [option, setOption] = useState({ envoy: upstreams[0] ?? '' });
  const answer = useAnswer('render', { text, gateway, option: option[gateway] ?? '' });
  const label = gateway in OPTIONS ? OPTIONS[gateway] : 'The image of the module';
  const copy = (what) => navigator.clipboard.writeText(what).then(() => announce('Copied.'), () => announce('The browser does not allow copying; select the text.'));
  return (
    <div class="form">
      <h2>Deploy</h2>
      <div class="field"><div class="line"><label for="gateway">Gateway</label>
        <select id="gateway" value={gateway} onChange={({ target }) => setGateway(target.value)}>{Object.entries(GATEWAYS).map(([key, name]) => <option value={key}>{name}</option>)}</select></div></div>
      {label && <div class="field"><div class="line"><label for="gateway-option">{label}</label>
        <input id="gateway-option" value={option[gateway] ?? ''} onInput={({ target }) => setOption({ ...option, [gateway]: target.value })} /></div></div>}
      {answer?.error && <pre class="problems" role="alert">{answer.error}</pre>}
      {answer?.said && <>
        <p class="command"><code>{answer.said.command}</code> <button type="button" onClick={() => copy(answer.said.command)}>Copy the command</button></p>
        {answer.said.warnings.length > 0 && <ul class="problems">{answer.said.warnings.map((warning) => <li class="warning">{warning}</li>)}</ul>}
        <p><button type="button" onClick={() => copy(answer.said.output)}>Copy the output</button></p>
        <pre tabIndex={0} aria-label="Output">{answer.said.output}</pre>
      </>}
    </div>
  );
}
