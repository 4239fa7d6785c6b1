// Children never outlive the tests, even when a test process is cut short.
const children = new Set();
process.once('exit', () => children.forEach((child) => child.kill('SIGKILL')));

export function adopt(child) {
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}
