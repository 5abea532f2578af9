import { type Envelope, looksLikeProgress } from './define.ts';

/** `Step #2 - "build": #5 DONE 0.1s`, `Step #0: Step 1/4 : FROM node` (Google Cloud Build) */
const STEP = /^Step #(\d+)(?: - "([^"]{0,200})")?: ?/;

const envelope: Envelope = {
  id: 'cloud-build',
  title: 'Google Cloud Build',
  strip(text) {
    const step = STEP.exec(text);
    if (!step) return undefined;
    const rest = text.slice(step[0].length);
    return { text: rest, ...(looksLikeProgress(rest) && { source: `step ${step[1]}` }) };
  },
};
export default envelope;
