/** How good the connection is; the guide has the rule. */
export type Quality = 'excellent' | 'good' | 'fair' | 'poor' | 'offline';
