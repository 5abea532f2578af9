import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { age, bytes, codeSpan, duration, escapeXml, money, sanitize, textWidth, truncate, wrap } from '../src/text.ts';

describe('numbers', () => {
  it.each([
    [0, '0.0s'],
    [59.94, '59.9s'],
    [59.96, '1m 00s'],
    [125, '2m 05s'],
    [3599.6, '1h 00m'],
    [3725, '1h 02m'],
  ])('%d seconds are %s', (seconds, text) => expect(duration(seconds)).toBe(text));

  it('hours never hold sixty minutes', () => {
    for (let s = 3600; s < 20_000; s++) expect(duration(s)).not.toContain('h 60m');
  });

  it.each([
    [2, '2B'],
    [3050, '3.05kB'],
    [1_200_000_000, '1.2GB'],
  ])('%d bytes are %s', (count, text) => expect(bytes(count)).toBe(text));

  it('amounts and ages', () => {
    expect([money(12.5, '$'), money(12.5, '€'), money(3, 'EUR')]).toEqual(['$12.50', '€12.50', '3.00 EUR']);
    expect([age(30), age(7200), age(5_184_000)]).toEqual(['1 minute', '2 hours', '60 days']);
  });
});

describe('hostile text', () => {
  it.each([
    ['\x1b[31mred', '\\u001b[31mred'],
    ['a\u202Eb', 'a\\u202eb'],
    ['tag\u{e0041}', 'tag\\u{e0041}'],
    ['half\ud800', 'half\\ud800'],
    ['tab\there', 'tab here'],
    ['two\nlines', 'two\nlines'],
    ['日本 👍 é', '日本 👍 é'],
  ])('%j is shown as %j', (text, shown) => expect(sanitize(text)).toBe(shown));

  it('XML holds only what XML allows', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(escapeXml(text)).not.toMatch(/[<>"']|[\u0000-\u0008\u000b-\u001f\ufffe\uffff]|\p{Cs}/u);
      }),
    );
  });

  it('a code span is longer fenced than any tick in it', () => expect(codeSpan('a``b')).toBe('``` a``b ```'));
});

describe('columns', () => {
  const texts = fc.string({ unit: fc.constantFrom('a', ' ', '日', '👍', 'é', 'e\u0301', 'x'), maxLength: 120 });
  it('truncated and wrapped text fits', () => {
    fc.assert(
      fc.property(texts, fc.integer({ min: 8, max: 60 }), (text, width) => {
        expect(textWidth(truncate(text, width))).toBeLessThanOrEqual(width);
        for (const line of wrap(text, width)) expect(textWidth(line)).toBeLessThanOrEqual(width);
        expect(wrap(text, width).join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
      }),
    );
  });
});
