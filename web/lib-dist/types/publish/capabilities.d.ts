import type { Codec } from './settings.js';
/** What this browser can do, as far as it tells without asking its user for anything. */
export interface Capabilities {
    /** The page came by a way that nobody can have tampered with; cameras and microphones are for such pages only. */
    secure: boolean;
    webrtc: boolean;
    camera: boolean;
    screen: boolean;
    /** Video codecs that it can send. */
    codecs: Codec[];
    /** What is plugged in; null where it cannot be asked. */
    cameras: number | null;
    microphones: number | null;
}
/** What is looked at; the members of window that may be missing. */
export interface Environment {
    isSecureContext: boolean;
    RTCPeerConnection?: unknown;
    RTCRtpSender?: {
        getCapabilities?(kind: string): {
            codecs: RTCRtpCodec[];
        } | null;
    };
    navigator: {
        mediaDevices?: {
            getUserMedia?: unknown;
            getDisplayMedia?: unknown;
            enumerateDevices?(): Promise<{
                kind: string;
            }[]>;
        };
    };
}
export declare function checkBrowser(env?: Environment): Promise<Capabilities>;
/** Why this browser cannot publish at all; null if it can. */
export declare function obstacle(c: Capabilities): 'insecure' | 'unsupported' | null;
