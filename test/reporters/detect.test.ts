import { describe, expect, it } from 'vitest';
import { chooseOutputs } from '../../src/reporters/choice/detect.ts';

describe('the outputs that are made', () => {
  it('are those asked for, whatever the CI', () => {
    const { outputs, said } = chooseOutputs(['json', 'html=a=b.html'], { GITHUB_ACTIONS: 'true' });
    expect(outputs).toEqual([
      { format: 'json', file: null, append: false },
      { format: 'html', file: 'a=b.html', append: false },
    ]);
    expect(said).toBeNull();
  });

  it('are the terminal report outside of a CI', () => {
    expect(chooseOutputs([], {})).toEqual({ outputs: [{ format: 'terminal', file: null, append: false }], said: null });
  });

  it('fit GitHub, whose summary is added to and never overwritten', () => {
    const { outputs, said } = chooseOutputs([], { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: '/run/summary.md' });
    expect(outputs.map((o) => o.format)).toEqual(['terminal', 'github', 'markdown']);
    expect(outputs[2]).toEqual({ format: 'markdown', file: '/run/summary.md', append: true });
    expect(said).toContain('GitHub Actions');
  });

  it('fit Azure', () => {
    expect(chooseOutputs([], { TF_BUILD: 'True' }).outputs.map((o) => o.format)).toEqual(['terminal', 'azure']);
  });

  it.each(['nope', 'constructor', '=x', 'html='])('refuse %s', (spec) => {
    expect(() => chooseOutputs([spec], {})).toThrow(expect.objectContaining({ name: 'UserError' }));
  });
});
