/** Members that differ from every default, in texts that a careless store would change. */
export const fullMembers = {
  name: ' Ada Ünïcode "Example" 🎈 ',
  bio: 'Plans meetings 🗓\nat noon, <b>daily</b>; e\u0301',
  timeZone: 'America/New_York',
  weekStart: 'Monday',
  timeFormat: 24,
  locale: 'no',
  avatarUrl: 'https://img.example.org/Ada.png?size=1&a=%20b',
  metadata: { tenant: 'Acme', Seat: 7, active: true, note: '', 'desk.place': 'B.2' },
}

/** Members as long as the document allows, or longer than columns usually are. */
export const longMembers = {
  name: 'Zoë '.repeat(250),
  // More bytes than a column of 64 KiB has.
  bio: 'Plans meetings. '.repeat(4_200),
  timeZone: 'UTC',
  weekStart: 'Wednesday',
  timeFormat: 12,
  locale: 'zh-TW',
  avatarUrl: 'https://img.example.org/'.padEnd(2048, 'a'),
  metadata: {
    ' Key e\u0301 ': 'v'.repeat(500),
    ['k'.repeat(40)]: 0,
    off: false,
    part: -0.5,
    large: Number.MAX_SAFE_INTEGER,
    ...Object.fromEntries(Array.from({ length: 45 }, (_, index) => [`key-${index}`, `value ${index}`])),
  },
}

/** Other values of the same members. */
export const changedMembers = {
  name: 'BO 例 Zoë 🎈',
  bio: ' e\u0301 & <i> 𝒵\r\n',
  timeZone: 'Asia/Tokyo',
  weekStart: 'Saturday',
  timeFormat: 12,
  locale: 'pt-BR',
  avatarUrl: 'http://img.example.org/b',
  metadata: { desk: 'B-2 🎈', Seat: 0, active: false },
}

/** Members that null clears. */
export const clearable = ['name', 'bio', 'avatarUrl', 'locale', 'timeFormat', 'defaultScheduleId'] as const
