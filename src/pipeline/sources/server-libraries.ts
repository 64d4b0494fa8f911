/**
 * Tracking libraries that run on servers, compared in lower case with `context.library.name`. Their events identify
 * and convert, but open and extend no session. Names as the SDKs of Segment and RudderStack send them.
 */
export const serverLibraries: readonly string[] = [
  'analytics-node',
  '@segment/analytics-node',
  'analytics-python',
  'analytics-ruby',
  'analytics-php',
  'analytics-go',
  'analytics-java',
  'analytics.net',
  'analytics-csharp',
  'analytics-rust',
  'analytics-elixir',
  'analytics-clojure',
  'segment-http-api',
  'segment-cloud-app',
  'http',
  '@rudderstack/rudder-sdk-node',
  'rudder-sdk-node',
  'rudder-sdk-python',
  'rudder-sdk-ruby',
  'rudder-sdk-php',
  'rudder-sdk-go',
  'rudder-sdk-java',
  'rudder-sdk-dotnet',
  'rudderstack-http-api',
]
