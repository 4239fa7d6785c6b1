import { expect } from '@playwright/test';
import type { Answer } from './gateway';

export function passed(answer: Answer, type: string, from: string) {
  expect([answer.status, answer.code]).toEqual([200, undefined]);
  // Whose key it was, and not the key itself.
  expect(JSON.parse(answer.body)).toEqual({
    'x-latchkey-key-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
    'x-latchkey-username': 'demouser',
    'x-latchkey-key-type': type,
    'x-forwarded-for': from,
  });
}

export function refused(answer: Answer, status: number, code: string) {
  expect([answer.status, answer.code]).toEqual([status, code]);
  // It never came to the API.
  expect(answer.body).not.toContain('x-forwarded-for');
}
