/**
 * Values by names that come from elsewhere. Nothing is in it but what was put there: an image, a stage or an argument may be called
 * `constructor`, and a file of somebody else's may call a field `__proto__`.
 */
export function dictionary<T>(values?: Readonly<Record<string, T>>): Record<string, T> {
  return Object.assign(Object.create(null) as Record<string, T>, values);
}
