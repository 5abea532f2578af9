import { describe, expect, it } from 'vitest';
import { chooseFormats } from '../../src/reporters/choice/detect.ts';

describe('the outputs that are made', () => {
  it('are those asked for, whatever the CI', () => {
    const { formats, said } = chooseFormats(['json', 'html=a=b.html'], { GITHUB_ACTIONS: 'true' });
    expect(formats).toEqual([
      { name: 'json', file: null },
      { name: 'html', file: 'a=b.html' },
    ]);
    expect(said).toBeNull();
  });

  it('are the terminal report outside of a CI', () => {
    expect(chooseFormats([], {})).toEqual({ formats: [{ name: 'terminal', file: null }], said: null });
  });

  it('fit GitHub, whose summary is added to and never overwritten', () => {
    const { formats, said } = chooseFormats([], { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: '/run/summary.md' });
    expect(formats.map((f) => f.name)).toEqual(['terminal', 'github', 'markdown']);
    expect(formats[2]).toEqual({ name: 'markdown', file: '/run/summary.md', append: true });
    expect(said).toContain('GitHub Actions');
  });

  it('fit Azure', () => {
    expect(chooseFormats([], { TF_BUILD: 'True' }).formats.map((f) => f.name)).toEqual(['terminal', 'azure']);
  });

  it('fit GitLab', () => {
    expect(chooseFormats([], { GITLAB_CI: 'true' }).formats.map((f) => f.name)).toEqual(['gitlab-section']);
  });

  it.each(['nope', 'constructor', '=x', 'html='])('refuse %s', (spec) => {
    expect(() => chooseFormats([spec], {})).toThrow(expect.objectContaining({ name: 'UserError' }));
  });
});
