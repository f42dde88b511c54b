// What all charts share: colours, numbers, ticks, marks, tables, downloads. Put before each component's own script.
const W = (() => {
  const FONT = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', 'Liberation Sans', Arial, sans-serif";
  const THEMES = {
    light: {
      name: 'light', bg: '#ffffff', panel: '#ffffff', ink: '#1a2330', soft: '#56616f', faint: '#e6eaef', edge: '#c2cad4', focus: '#0b5fce',
      ocean: '#edf3f8', net: '#dfe8f0', land: '#d5dbe1', border: '#ffffff', halo: '#ffffff', shadow: 'rgba(20,30,45,.18)',
      // nine hues told apart with any colour vision as far as nine can be; dash and marker tell them apart besides
      series: ['#0067b8', '#c74a00', '#007a5a', '#a83f86', '#9a6a00', '#1f86ad', '#5a55b8', '#7d4b2a', '#5f6670'],
    },
    dark: {
      name: 'dark', bg: '#11171e', panel: '#1a222c', ink: '#e9eef4', soft: '#a5b1be', faint: '#27313d', edge: '#435162', focus: '#78b7ff',
      ocean: '#16202b', net: '#202d3a', land: '#333f4c', border: '#11171e', halo: '#11171e', shadow: 'rgba(0,0,0,.5)',
      series: ['#56b1f7', '#ff8d52', '#3cc99b', '#e58bc6', '#e6b23e', '#7bd4f0', '#a9a6f5', '#cf9f7c', '#a9b1ba'],
    },
  };
  const DASHES = ['', '12 3', '9 3 2 3', '16 3', '6 2.5', '14 3 2 3 2 3', '3 2', '9 2 4 2', '2 2.5'];
  const SHAPES = ['circle', 'square', 'up', 'diamond', 'down', 'plus', 'cross', 'hexagon', 'bar'];

  const theme = name => THEMES[name === 'dark' ? 'dark' : 'light'];
  const identity = (c, i) => ({ colour: c.series[i % c.series.length], dash: DASHES[i % DASHES.length], shape: SHAPES[i % SHAPES.length] });
  // width in pixels of a text as the browser sets it; the cache is emptied when it grows, so that changing figures do not fill it
  const pen = document.createElement('canvas').getContext('2d');
  let widths = new Map();
  function textWidth(text, size, bold) {
    const key = size + (bold ? 'b' : '') + text;
    let width = widths.get(key);
    if (width === undefined) {
      if (widths.size > 3000) widths = new Map();
      pen.font = `${bold ? 600 : 400} ${size}px ${FONT}`;
      width = pen.measureText(String(text)).width;
      widths.set(key, width);
    }
    return width;
  }

  // absolute path of a marker; shapes have equal weight to the eye, not equal radius
  function marker(shape, x, y, r) {
    const at = points => 'M' + points.map(p => (x + p[0] * r).toFixed(1) + ',' + (y + p[1] * r).toFixed(1)).join('L') + 'Z';
    if (shape === 'square') return at([[-.88, -.88], [.88, -.88], [.88, .88], [-.88, .88]]);
    if (shape === 'up') return at([[0, -1.2], [1.1, .8], [-1.1, .8]]);
    if (shape === 'down') return at([[0, 1.2], [1.1, -.8], [-1.1, -.8]]);
    if (shape === 'diamond') return at([[0, -1.3], [1.3, 0], [0, 1.3], [-1.3, 0]]);
    if (shape === 'plus') return at([[-.4, -1.2], [.4, -1.2], [.4, -.4], [1.2, -.4], [1.2, .4], [.4, .4], [.4, 1.2], [-.4, 1.2], [-.4, .4], [-1.2, .4], [-1.2, -.4], [-.4, -.4]]);
    if (shape === 'cross') return at([[-1.1, -.55], [-.55, -1.1], [0, -.55], [.55, -1.1], [1.1, -.55], [.55, 0], [1.1, .55], [.55, 1.1], [0, .55], [-.55, 1.1], [-1.1, .55], [-.55, 0]]);
    if (shape === 'hexagon') return at([[-1.15, 0], [-.58, -1], [.58, -1], [1.15, 0], [.58, 1], [-.58, 1]]);
    if (shape === 'bar') return at([[-1.3, -.5], [1.3, -.5], [1.3, .5], [-1.3, .5]]);
    return `M${(x - r).toFixed(1)},${y.toFixed(1)}a${r},${r} 0 1 0 ${2 * r},0a${r},${r} 0 1 0 ${-2 * r},0Z`;
  }

  const SIZES = [[1e12, ' T'], [1e9, ' G'], [1e6, ' M'], [1e3, ' k']];
  // three figures; thousands, millions and so on from 10 000 on
  function number(v) {
    if (v === null || v === undefined || !isFinite(v)) return '–';
    const a = Math.abs(v);
    if (a < 1e-12) return '0';  // rounding in whatever unit
    if (a >= 9999.5) for (const [size, unit] of SIZES) if (a >= size * .9995) return sign(trim((v / size).toPrecision(3))) + unit;
    if (a >= 999.5) return sign(Math.round(v).toString().replace(/\B(?=(\d{3})+$)/g, ','));
    if (a < 0.001) return sign(v.toExponential(1));
    return sign(trim(v.toPrecision(3)));
  }
  const trim = text => text.includes('e') ? String(+text) : text.includes('.') ? text.replace(/\.?0+$/, '') : text;
  const sign = text => text.replace('-', '−');

  function ticks(low, high, most) {
    for (let n = Math.max(most, 1); ; n++) {  // never fewer than three, however low the chart
      const rough = (high - low) / n, power = Math.pow(10, Math.floor(Math.log10(rough))), step = [1, 2, 2.5, 5, 10].map(f => f * power).find(s => s >= rough * (1 - 1e-9));
      const out = [];
      for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++) out.push(k * step);
      if (out.length > 2 || n > most + 6) return { step, values: out };
    }
  }
  function logTicks(low, high, most) {
    const first = Math.floor(Math.log10(low)), last = Math.ceil(Math.log10(high));
    const pick = (factors, every) => {
      const out = [];
      for (let e = first; e <= last; e += every) for (const f of factors) { const v = f * Math.pow(10, e); if (v >= low * .999 && v <= high * 1.001) out.push(v); }
      return out;
    };
    for (const [factors, every] of [[[1, 1.5, 2, 3, 5, 7], 1], [[1, 2, 5], 1], [[1, 3], 1], [[1], 1], [[1], 2], [[1], 3]]) { const out = pick(factors, every); if (out.length <= most + 1) return { step: 0, values: out }; }
    return { step: 0, values: pick([1], Math.ceil((last - first) / most)) };
  }
  // one size of unit along an axis, and just as many decimals as the step asks for
  function tickText(values, step) {
    if (!step) return values.map(number);
    const most = Math.max(...values.map(Math.abs), step);
    const [size, unit] = most >= 9999.5 ? SIZES.find(s => most >= s[0]) : [1, ''];
    let decimals = 0;
    while (decimals < 6 && Math.abs(step / size * Math.pow(10, decimals) - Math.round(step / size * Math.pow(10, decimals))) > 1e-6) decimals++;
    return values.map(v => Math.abs(v) < step * 1e-6 ? '0' : sign((v / size).toFixed(decimals).replace(/\B(?=(\d{3})+(?!\d))/g, decimals ? '' : ',')) + unit);
  }

  // months since year 0 of "2031-07" or "2031"; NaN of anything else
  function month(text) {
    const found = /^(\d{4})(?:-(\d\d))?/.exec(String(text));
    return found ? +found[1] * 12 + (found[2] ? +found[2] - 1 : 0) : NaN;
  }
  const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
  function dateTicks(first, last, wide) {
    const steps = [1, 2, 3, 6, 12, 24, 60, 120, 240, 600];
    const step = steps.find(s => wide * s / Math.max(last - first, 1) >= (s < 12 ? 44 : 52)) || 1200;
    const out = [];
    for (let m = Math.ceil(first / step) * step; m <= last; m += step) out.push({ at: m, text: m % 12 ? MONTHS[m % 12] : String(m / 12), year: m % 12 === 0 });
    return out;
  }

  // move labels apart: places [y] ascending in want, at least gap apart, inside low..high as far as they fit
  function spread(want, gap, low, high) {
    const y = want.slice();
    for (let i = 0; i < y.length; i++) y[i] = Math.max(y[i], i ? y[i - 1] + gap : low);
    for (let i = y.length - 1, roof = high; i >= 0; i--) { y[i] = Math.min(y[i], roof); roof = y[i] - gap; }
    for (let i = 0; i < y.length; i++) y[i] = Math.max(y[i], low + i * Math.min(gap, (high - low) / Math.max(y.length - 1, 1)));
    return y;
  }

  // cividis (Nuñez, Anderton, Renslow 2018) in ten steps: even to the eye, with or without red and green
  const CIVIDIS = ['#00224e', '#123570', '#3b496c', '#575d6d', '#707173', '#8a8678', '#a59c74', '#c3b369', '#e1cc55', '#fee838'];
  const mix = (a, b, t) => '#' + [1, 3, 5].map(i => Math.round(parseInt(a.slice(i, i + 2), 16) * (1 - t) + parseInt(b.slice(i, i + 2), 16) * t).toString(16).padStart(2, '0')).join('');
  function scale(t) {
    const p = Math.min(1, Math.max(0, t)) * (CIVIDIS.length - 1), i = Math.min(CIVIDIS.length - 2, Math.floor(p));
    return mix(CIVIDIS[i], CIVIDIS[i + 1], p - i);
  }
  function luminance(hex) {
    const [r, g, b] = [1, 3, 5].map(i => parseInt(hex.slice(i, i + 2), 16) / 255).map(v => v <= .03928 ? v / 12.92 : Math.pow((v + .055) / 1.055, 2.4));
    return .2126 * r + .7152 * g + .0722 * b;
  }
  const inkOn = hex => luminance(hex) > .18 ? '#111820' : '#ffffff';

  // what is wrong with a value, or '': a form is a word for a kind, [form] for a list of such, {key: form} for an object; 'key?' may be absent
  const KINDS = { list: Array.isArray, text: v => typeof v === 'string', number: v => typeof v === 'number', object: v => v !== null && typeof v === 'object' && !Array.isArray(v) };
  function wrong(value, form, where) {
    if (typeof form === 'string') return KINDS[form](value) ? '' : `${where} should be a ${form}`;
    if (Array.isArray(form)) {
      if (!Array.isArray(value)) return `${where} should be a list`;
      for (let i = 0; i < value.length; i++) { const fault = wrong(value[i], form[0], `${where}[${i}]`); if (fault) return fault; }
      return '';
    }
    if (!KINDS.object(value)) return `${where} should be an object`;
    for (const key of Object.keys(form)) {
      const name = key.replace('?', ''), path = where === 'it' ? `"${name}"` : `${where}.${name}`;
      if (value[name] === undefined || value[name] === null) { if (name === key) return `${path} is missing`; continue; }
      const fault = wrong(value[name], form[key], path);
      if (fault) return fault;
    }
    return '';
  }
  function parse(text) {
    try { return JSON.parse(text); } catch (fault) {
      // Python writes NaN where nothing is known
      const mended = String(text).replace(/([[,:]\s*)-?(?:NaN|Infinity)(?=\s*[,\]}])/g, '$1null');
      if (mended === text) throw fault;
      return JSON.parse(mended.replace(/([[,:]\s*)-?(?:NaN|Infinity)(?=\s*[,\]}])/g, '$1null'));
    }
  }
  function read(text, form) {
    let value;
    try { value = parse(text); } catch (fault) { return { error: 'The data could not be read: ' + fault.message }; }
    const fault = wrong(value, form, 'it');
    return fault ? { error: `The data could not be read: ${fault}.` } : { value };
  }

  const quoted = cell => { const t = cell === null || cell === undefined ? '' : String(cell); return /[",\n\r]/.test(t) || /^[=+@\t]/.test(t) || (/^-/.test(t) && isNaN(t)) ? '"' + (/^[=+@\t-]/.test(t) && isNaN(t) ? "'" : '') + t.replace(/"/g, '""') + '"' : t; };
  // lines that begin with # say where the figures come from; readers of CSV skip them when told of the mark
  const noted = () => (origin().lines || []).map(line => '# ' + String(line).replace(/[\r\n]+/g, ' ') + '\r\n').join('');
  const csv = table => noted() + [table.columns, ...table.rows].map(row => row.map(quoted).join(',')).join('\r\n') + '\r\n';
  const slug = text => String(text || 'chart').toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 60) || 'chart';

  // where a figure or a picture comes from, as the top bar has it
  const origin = () => window.wattraceOrigin || { stem: '', text: '', lines: [] };
  const filed = (title, kind) => (origin().stem ? origin().stem + '-' : '') + slug(title) + '.' + kind;
  // a text in lines that fit
  function lined(text, size, room) {
    const out = [];
    String(text || '').split(' ').filter(word => word).forEach(word => {
      const last = out[out.length - 1];
      if (last !== undefined && textWidth(last + ' ' + word, size) <= room) out[out.length - 1] = last + ' ' + word; else out.push(word);
    });
    return out;
  }
  function save(blob, name) {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(blob);
    link.download = name;
    document.body.appendChild(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }
  // a picture that stands alone: heading, background and font go into the file
  function standalone(svg, c, title, note) {
    const box = svg.getBoundingClientRect(), wide = Math.round(box.width), high = Math.round(box.height), head = 30;
    const below = lined(note, 12, wide - 16).concat(lined(origin().text, 12, wide - 16)), foot = below.length ? 6 + 16 * below.length : 8;
    const copy = svg.cloneNode(true), space = 'http://www.w3.org/2000/svg', root = document.createElementNS(space, 'svg');
    copy.querySelectorAll('[data-screen-only]').forEach(node => node.remove());
    root.setAttribute('xmlns', space); root.setAttribute('width', wide); root.setAttribute('height', high + head + foot);
    root.setAttribute('viewBox', `0 0 ${wide} ${high + head + foot}`); root.setAttribute('font-family', FONT);
    const put = (tag, attributes, text) => { const node = document.createElementNS(space, tag); for (const k in attributes) node.setAttribute(k, attributes[k]); if (text) node.textContent = text; root.appendChild(node); return node; };
    put('title', {}, title);
    put('rect', { width: wide, height: high + head + foot, fill: c.bg });
    put('text', { x: 8, y: 20, 'font-size': 14, 'font-weight': 600, fill: c.ink }, title);
    copy.setAttribute('y', head); copy.setAttribute('width', wide); copy.setAttribute('height', high);
    root.appendChild(copy);
    below.forEach((line, i) => put('text', { x: 8, y: high + head + 13 + 16 * i, 'font-size': 12, fill: c.soft }, line));
    return { text: new XMLSerializer().serializeToString(root), wide, high: high + head + foot };
  }
  function picture(drawn, done) {
    const image = new Image(), sharp = 2;
    image.onload = () => {
      const canvas = document.createElement('canvas');
      canvas.width = drawn.wide * sharp; canvas.height = drawn.high * sharp;
      const pen = canvas.getContext('2d');
      pen.scale(sharp, sharp); pen.drawImage(image, 0, 0);
      canvas.toBlob(done, 'image/png');
    };
    image.src = 'data:image/svg+xml;charset=utf-8,' + encodeURIComponent(drawn.text);
  }

  // any chart's data as one table {columns, rows}; numbers stay numbers
  function table(d) {
    if (d.columns && d.rows) return { columns: d.columns, rows: d.rows };
    if (d.x && d.lines) {
      const unit = d.unit ? ` (${d.unit})` : '', style = l => l.style && l.style !== 'live' ? ` ${l.style}` : '';
      const bands = d.bands || [];
      const told = d.lines.some(l => l.sources), source = i => told ? [[...new Set(d.lines.map(l => (l.sources || {})[i]).filter(t => t))].join('; ')] : [];
      return {
        columns: ['date', ...d.lines.map(l => l.name + style(l) + unit), ...[].concat(...bands.map(b => [b.name + ' low' + unit, b.name + ' high' + unit])), ...(told ? ['source of history'] : [])],
        // before the start there is a figure a year: months without any are left out
        rows: d.x.map((x, i) => [x, ...d.lines.map(l => l.values[i]), ...[].concat(...bands.map(b => [b.low[i], b.high[i]])), ...source(i)]).filter((row, i) => i >= (d.before || 0) || row[row.length - 1]),
      };
    }
    if (d.rows && d.causes) {
      const rows = [];
      d.x.forEach((x, i) => d.rows.forEach(r => { if (r.causes[i] !== undefined && r.causes[i] !== null) rows.push([x, r.name, d.causes[r.causes[i]] === 'none' ? 'nothing' : d.causes[r.causes[i]], ...d.causes.map((_, k) => ((r.waits || [])[i] || [])[k])]); }));
      return { columns: ['date', 'who', 'what binds', ...d.causes.map(n => n === 'none' ? 'plants and halls being built (GW)' : `plants and halls that wait for ${n} (GW)`)], rows };
    }
    if (d.links && d.nodes) {
      const name = n => typeof d.nodes[n] === 'object' ? d.nodes[n].name : d.nodes[n] === undefined ? n : d.nodes[n];
      return { columns: ['from', 'to', d.unit || 'value'], rows: d.links.map(l => Array.isArray(l) ? [name(l[0]), name(l[1]), l[2]] : [name(l.source), name(l.target), l.value]) };
    }
    if (d.rows && d.kinds) return { columns: ['date', 'kind', 'region', 'agent', 'what happened'], rows: d.rows.map(r => [r.date, r.kind, r.region, r.agent, r.text]) };
    if (d.zones) return { columns: ['zone', 'shown', 'AI that runs at the site (GW)', 'chips without power of owners at home there (GW)'], rows: Object.keys(d.zones).map(z => [z, d.zones[z].fill, d.zones[z].powered, d.zones[z].stranded]) };
    return { columns: [], rows: [] };
  }

  // follow the width of the box a chart stands in
  function follow(view) {
    const see = () => { const box = view.$refs.box; if (box) { const w = Math.round(box.clientWidth); if (w && w !== view.wide) view.wide = w; } };
    let seen = null;
    const begin = () => {  // the frame is compiled a moment after the chart, and may be built twice: keep to the box that is shown
      if (view.gone) return;
      const box = view.$refs.box;
      if (box && box !== seen) {
        if (view.watcher) view.watcher.disconnect();
        view.watcher = new ResizeObserver(see);
        view.watcher.observe(seen = box);
      }
      see();
      if (!view.wide) setTimeout(begin, 30);
    };
    begin();
  }
  function unfollow(view) { view.gone = true; if (view.watcher) view.watcher.disconnect(); }

  return { FONT, filed, theme, identity, marker, number, ticks, logTicks, tickText, month, dateTicks, spread, scale, mix, inkOn, read, csv, slug, save, standalone, picture, table, textWidth, follow, unfollow, MONTHS };
})();
