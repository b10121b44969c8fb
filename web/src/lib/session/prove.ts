import { mount, unmount } from 'svelte';
import ProofDialog from './ProofDialog.svelte';

let asking: Promise<boolean> | undefined;

/** Asks the person to prove again who they are; whether they did. One question at a time, however many acts wait. */
export function prove(): Promise<boolean> {
  asking ??= new Promise((resolve) => {
    const dialog = mount(ProofDialog, {
      target: document.body,
      props: {
        done: (proved: boolean) => {
          asking = undefined;
          resolve(proved);
          void unmount(dialog);
        }
      }
    });
  });
  return asking;
}
