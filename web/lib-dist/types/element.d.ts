import type { Rendition } from './renditions.js';
import type { Stats } from './stats.js';
import { type Status } from './status.js';
/** Modules are also read where there is no page (when a site is built on a server). */
declare const Base: typeof HTMLElement;
export interface MillracePlayerEventMap {
    /** What it is doing, and why. */
    status: CustomEvent<Status>;
    /** Once a second while a session stands. */
    stats: CustomEvent<Stats>;
    /** Milliseconds from the request to the first frame on the screen. */
    firstframe: CustomEvent<number>;
    /** What there is to choose from; empty where there is nothing. */
    renditions: CustomEvent<Rendition[]>;
}
/**
 * `<millrace-player src="https://gateway/whep/live/x" autoplay muted controls>`: plays a WHEP stream and keeps it playing.
 * It takes the size that the site gives it, 16:9 without one.
 *
 * Attributes: `src` the WHEP endpoint; `autoplay` starts by itself; `muted` starts without sound, which browsers demand
 * of a start without a click; `controls` shows the controls, and in words why there is no picture; `token` is sent as a
 * bearer token.
 */
export declare class MillracePlayer extends Base {
    #private;
    static readonly observedAttributes: string[];
    constructor();
    /** Ends the session when the element leaves the page, and begins one when it comes back. */
    connectedCallback(): void;
    disconnectedCallback(): void;
    attributeChangedCallback(name: string, before: string | null, value: string | null): void;
    /** The WHEP endpoint. */
    get src(): string;
    set src(src: string);
    get controls(): boolean;
    set controls(yes: boolean);
    get autoplay(): boolean;
    set autoplay(yes: boolean);
    /** Whether it is silent now; the attribute is how it begins. */
    get muted(): boolean;
    set muted(yes: boolean);
    /** 0..1 */
    get volume(): number;
    set volume(volume: number);
    /** The element that shows the picture, for whatever is not offered here. */
    get video(): HTMLVideoElement;
    get status(): Status;
    get renditions(): Rendition[];
    /** Starts, or goes on at the live picture; also after a browser has refused to start without a click. */
    play(): void;
    /** Ends the session and keeps the last picture. */
    pause(): void;
    /** A fresh sample of numbers, null without a session. */
    stats(): Promise<Stats | null>;
    /** Chooses a rendition by its rid; null leaves it to the server. False if the server refuses. */
    choose(rid: string | null): Promise<boolean>;
}
export interface MillracePlayer {
    addEventListener<K extends keyof MillracePlayerEventMap>(name: K, fn: (this: MillracePlayer, event: MillracePlayerEventMap[K]) => void, options?: boolean | AddEventListenerOptions): void;
    addEventListener(name: string, fn: EventListenerOrEventListenerObject, options?: boolean | AddEventListenerOptions): void;
}
declare global {
    interface HTMLElementTagNameMap {
        'millrace-player': MillracePlayer;
    }
}
export {};
