/** What a report for a terminal is made of: paragraphs broken at its width, diffs, colours where they are wanted. */
import { styleText } from 'node:util';
import { sanitize, wrap } from '../text.ts';

export type Style = Parameters<typeof styleText>[0];

export class TerminalPage {
  protected readonly lines: string[] = [];
  protected readonly width: number;
  private readonly color: boolean;

  /** @param least columns, and at most so many, whatever the terminal has */
  constructor(view: { readonly color: boolean; readonly columns: number }, least: number, most: number) {
    this.color = view.color;
    this.width = Math.max(least, Math.min(view.columns, most));
  }

  protected style(style: Style, text: string): string {
    return this.color ? styleText(style, text, { validateStream: false }) : text;
  }

  protected paragraph(text: string, indent: string, style?: Style, hang: string = indent): void {
    for (const [i, line] of wrap(text, this.width - hang.length).entries())
      this.lines.push((i === 0 ? indent : hang) + (style ? this.style(style, line) : line));
  }

  /** A unified diff; what is harmful in it becomes a visible mark. */
  protected diff(patch: string, indent: string): void {
    for (const line of patch.replace(/\n$/, '').split('\n')) {
      const style = line.startsWith('+') ? 'green' : line.startsWith('-') ? 'red' : 'dim';
      this.lines.push(`${indent}${this.style(style, sanitize(line))}`);
    }
  }

  /** All lines, with one line end. */
  protected page(): string {
    let end = this.lines.length;
    while (end > 0 && this.lines[end - 1] === '') end--;
    return `${this.lines.slice(0, end).join('\n')}\n`;
  }
}
