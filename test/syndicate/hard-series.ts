/**
 * Series with a fixed wording, as agencies and papers write them: most words are the same in every issue, and no two issues
 * are one report. Each call gives another issue.
 */
import { randomFrom, type WireText } from "./wire-texts.ts";

type Random = () => number;

const list = (text: string): readonly string[] => text.trim().split(/\s*[,\n]\s*/);
const pick = (words: readonly string[], random: Random) => words[Math.floor(random() * words.length)] ?? "";
/** As many different ones as asked for. */
const draw = (words: readonly string[], count: number, random: Random): string[] => {
  const left = [...words];
  return Array.from({ length: count }, () => left.splice(Math.floor(random() * left.length), 1)[0] ?? "");
};
const between = (min: number, max: number, random: Random) => min + Math.floor(random() * (max - min + 1));

const CITIES =
  list(`Leeds, Hull, Derby, Truro, Dundee, Swansea, Norwich, Exeter, Bristol, Preston, Lincoln, Durham, Oban, Perth,
  Bangor, Cardiff, Belfast, Derry, Carlisle, Ipswich, Dover, Brighton, Oxford, Reading, Luton, Stoke, Wigan, Bolton, York, Bath`);
const DAYS = list("Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday");
const SKIES =
  list(`sunny spells, thick cloud, patchy drizzle, heavy showers, hazy sunshine, light snow, freezing fog, gusty winds,
  scattered thunderstorms, bright intervals, persistent rain, clear skies, sleet, mist, blustery showers`);
const PEOPLE =
  list(`Arthur Bell, Joan Pike, Ruth Carver, Miles Denny, Edna Frost, Harold Gale, Iris Holt, Leonard Ives, Mabel Judd,
  Norman Kerr, Olive Lamb, Percy Marsh, Queenie Nash, Ronald Orme, Sylvia Penn, Thomas Quill, Una Rowe, Victor Shaw, Wilma Todd,
  Xavier Unwin, Yvonne Vane, Zachary Webb, Alma York, Basil Acton, Clara Boyd, Dennis Crewe, Ethel Drury, Frank Eaton`);
const TRADES =
  list(`a shipwright, a botanist, a jazz pianist, a bus driver, a judge, a midwife, a cartoonist, a bishop, a goalkeeper,
  a glassblower, an engineer, a novelist, a beekeeper, a surgeon, a dancer, a printer, a locksmith, a pilot, a potter, a diplomat`);
const CLUBS =
  list(`Rovers, Albion, Wanderers, Athletic, United, County, Rangers, Orient, Argyle, Villa, Stanley, Forest, Harriers,
  Celtic, Thistle, Hearts, Academical, Palace, Vale, Hotspur`);
const COMPANIES =
  list(`Altrex, Borealis Foods, Cendra, Dynamo Motors, Elbe Shipping, Fjord Energy, Gantry Steel, Helix Pharma,
  Ionic Bank, Juno Retail, Kestrel Air, Lumen Grid, Meridian Rail, Nordwind, Opal Insurance, Pylon Media, Quartz Mining, Rhea Labs`);
const SURNAMES =
  list(`Adeyemi, Barros, Castell, Dragan, Eriksen, Fontaine, Gruber, Hidalgo, Ilves, Janssen, Kovac, Lindt, Moreno,
  Nakata, Olsen, Pereira, Quaye, Rasmussen, Soto, Toure, Urban, Vidal, Wright, Yamada, Zielinski`);
const ROADS = list("M1, M6, M25, A1, A14, A30, A40, A66, A303, M5, M62, A9, A55, M4, A12");

export const series: Readonly<Record<string, (seed: number) => WireText>> = {
  "weather bulletin": (seed) => {
    const random = randomFrom(seed + 11);
    const city = pick(CITIES, random);
    const [day, next] = draw(DAYS, 2, random);
    const [am, pm, later] = draw(SKIES, 3, random);
    const high = between(-2, 33, random);
    return {
      title: `Weather forecast for ${city} on ${day}`,
      paragraphs: [
        `Here is your local weather forecast. ${city} will wake up to ${am} on ${day}, giving way to ${pm} by the early afternoon. The temperature will reach a high of ${high} degrees and fall to a low of ${high - between(4, 9, random)} degrees overnight.`,
        `The chance of rain is ${between(1, 19, random) * 5} per cent, with winds of up to ${between(5, 70, random)} kilometres an hour. The sun rises at ${between(4, 8, random)}.${between(10, 59, random)} and sets at ${between(16, 21, random)}.${between(10, 59, random)}.`,
        `Looking ahead, forecasters expect ${later} in ${city} on ${next}. Remember to check for weather warnings before you travel, and see our interactive map for the forecast where you live.`,
      ],
    };
  },
  "weather on the next day": (seed) => {
    const random = randomFrom(Math.floor(seed / 2) + 23);
    const city = pick(CITIES, random);
    const own = randomFrom(seed + 29);
    const day = DAYS[(Math.floor(random() * 7) + (seed % 2)) % 7] ?? "";
    const [sky, night] = draw(SKIES, 2, own);
    return {
      title: `${city} weather: what to expect on ${day}`,
      paragraphs: [
        `The Met Office has issued its daily outlook for ${city} and the surrounding area. ${day} will bring ${sky} for most of the day, followed by ${night} after dark. Highs of ${between(3, 30, own)}C and lows of ${between(-5, 14, own)}C are forecast, with humidity at ${between(40, 98, own)}% and a UV index of ${between(0, 9, own)}.`,
        `Pollen levels are expected to be low. Air quality will be good. Drivers are advised to allow extra time for their journeys and to keep a safe distance. High tide is at ${between(1, 12, own)}.${between(10, 59, own)} and again at ${between(13, 23, own)}.${between(10, 59, own)}.`,
        "The outlook is updated every morning at six. Sign up to have it sent to your phone before you leave the house.",
      ],
    };
  },
  "stock market close": (seed) => {
    const random = randomFrom(seed + 37);
    const [day] = draw(DAYS.slice(0, 5), 1, random);
    const point = () => `${between(1, 420, random)}.${between(10, 99, random)}`;
    const level = () => `${between(4, 48, random)},${between(100, 999, random)}.${between(10, 99, random)}`;
    const percent = () => `${between(0, 3, random)}.${between(1, 9, random)}%`;
    const way = () => (random() < 0.5 ? "rose" : "fell");
    const line = (name: string) => `The ${name} ${way()} ${point()} points, or ${percent()}, to ${level()}.`;
    return {
      title: `How major US stock indexes fared ${day}`,
      paragraphs: [
        `Stocks closed ${random() < 0.5 ? "higher" : "lower"} on Wall Street on ${day} after a day of choppy trading.`,
        `${line("S&P 500")} ${line("Dow Jones industrial average")} ${line("Nasdaq composite")} ${line("Russell 2000 index of smaller companies")}`,
        `For the week: the S&P 500 is ${random() < 0.5 ? "up" : "down"} ${point()} points, or ${percent()}. The Dow is ${random() < 0.5 ? "up" : "down"} ${point()} points, or ${percent()}. The Nasdaq is ${random() < 0.5 ? "up" : "down"} ${point()} points, or ${percent()}.`,
        `For the year: the S&P 500 is up ${point()} points, or ${percent()}. The Dow is up ${point()} points, or ${percent()}. The Nasdaq is up ${point()} points, or ${percent()}. The Russell 2000 is up ${point()} points, or ${percent()}.`,
      ],
    };
  },
  "currency and commodities": (seed) => {
    const random = randomFrom(seed + 41);
    const rate = () => `${between(1, 150, random)}.${between(1000, 9999, random)}`;
    const price = () => `${between(20, 2900, random)}.${between(10, 99, random)}`;
    return {
      title: `Markets at a glance, ${pick(DAYS, random)}`,
      paragraphs: [
        `The euro was trading at ${rate()} dollars in the late afternoon, compared with ${rate()} dollars the evening before. The European Central Bank had set the reference rate at ${rate()} dollars at midday. One dollar therefore cost ${rate()} euros.`,
        `A barrel of Brent crude for delivery in the coming month cost ${price()} dollars, ${between(5, 320, random)} cents more than the day before. The price of a barrel of West Texas Intermediate changed by ${between(5, 320, random)} cents to ${price()} dollars. A troy ounce of gold was quoted at ${price()} dollars in London.`,
        `The yield on ten-year German government bonds stood at ${between(0, 4, random)}.${between(10, 99, random)} per cent. The Dax closed at ${between(12, 24, random)},${between(100, 999, random)} points.`,
      ],
    };
  },
  obituary: (seed) => {
    const random = randomFrom(seed + 53);
    const [name] = draw(PEOPLE, 1, random);
    const last = name?.split(" ").at(-1) ?? "";
    const [home, birth] = draw(CITIES, 2, random);
    const age = between(54, 101, random);
    return {
      title: `${name}, ${pick(TRADES, random)} from ${home}, dies at ${age}`,
      paragraphs: [
        `${name} passed away peacefully at home in ${home} on ${pick(DAYS, random)}, surrounded by family and friends. ${last} was ${age} years old.`,
        `Born in ${birth} in ${2026 - age}, ${last} was the youngest of ${between(2, 9, random)} children. After leaving school at ${between(14, 18, random)}, ${last} became ${pick(TRADES, random)} and later ${pick(TRADES, random)}, and was known for a dry sense of humour and a love of the outdoors.`,
        `${last} is survived by ${between(1, 5, random)} children and ${between(2, 14, random)} grandchildren. The funeral service will be held at St ${pick(SURNAMES, random)}'s Church in ${home} at ${between(10, 16, random)}.30. Family flowers only, please. Donations may be made to the hospice that cared so well for our loved one in the last weeks.`,
      ],
    };
  },
  "match report": (seed) => {
    const random = randomFrom(seed + 61);
    const [home, away] = draw(CITIES, 2, random);
    const [clubA, clubB] = draw(CLUBS, 2, random);
    const [scorer, second, keeper, coach] = draw(SURNAMES, 4, random);
    const [goals, against] = [between(2, 6, random), between(0, 1, random)];
    const minute = () => between(2, 89, random);
    return {
      title: `${home} ${clubA} ${goals}-${against} ${away} ${clubB}: ${scorer} on target as hosts go ${between(2, 9, random)}th`,
      paragraphs: [
        `${home} ${clubA} moved up to ${between(2, 20, random)}th in the table with a ${goals}-${against} win over ${away} ${clubB} on ${pick(DAYS, random)} afternoon in front of a crowd of ${between(3, 60, random)},${between(100, 999, random)}.`,
        `${scorer} opened the scoring in the ${minute()}th minute with a low shot from the edge of the box after good work on the right by ${second}. The visitors had their chances before the break, but ${keeper} made a fine save to keep the score as it was.`,
        `The second half began slowly. ${second} doubled the lead in the ${minute()}th minute when the ball fell kindly from a corner, and from then on there was only going to be one winner. "I am very proud of the players, they gave everything today," said manager ${coach}. "Now we rest and prepare for the next game."`,
      ],
    };
  },
  "company results": (seed) => {
    const random = randomFrom(seed + 71);
    const [company] = draw(COMPANIES, 1, random);
    const money = () => `$${between(1, 980, random)}.${between(1, 9, random)} million`;
    return {
      title: `${company}: Q${between(1, 4, random)} Earnings Snapshot`,
      paragraphs: [
        `${pick(CITIES, random).toUpperCase()} — ${company} on ${pick(DAYS, random)} reported net income of ${money()} in its latest quarter.`,
        `The company said it had profit of ${between(0, 9, random)}.${between(10, 99, random)} dollars per share. Earnings, adjusted for one-time gains and costs, came to ${between(0, 9, random)}.${between(10, 99, random)} dollars per share. The results ${random() < 0.5 ? "topped" : "missed"} Wall Street expectations. The average estimate of ${between(3, 21, random)} analysts surveyed was for earnings of ${between(0, 9, random)}.${between(10, 99, random)} dollars per share.`,
        `The company posted revenue of ${money()} in the period, compared with ${money()} a year earlier. ${company} expects full-year revenue in the range of ${money()} to ${money()}. Its shares have climbed ${between(1, 60, random)} per cent since the beginning of the year.`,
      ],
    };
  },
  "earthquake notice": (seed) => {
    const random = randomFrom(seed + 83);
    const place = pick(
      list("Sumatra, Hokkaido, Luzon, Oaxaca, Sicily, Crete, Tonga, Kamchatka, Quito, Lombok, Fiji, Nepal"),
      random,
    );
    return {
      title: `Magnitude ${between(4, 7, random)}.${between(0, 9, random)} earthquake strikes near ${place}`,
      paragraphs: [
        `An earthquake of magnitude ${between(4, 7, random)}.${between(0, 9, random)} struck ${between(8, 190, random)} km off ${place} on ${pick(DAYS, random)}, the German Research Centre for Geosciences (GFZ) said. The quake was at a depth of ${between(5, 240, random)} km, GFZ said.`,
        `There were no immediate reports of damage or casualties. No tsunami warning was issued. The region lies on a belt of frequent seismic activity, and ${between(2, 40, random)} aftershocks were recorded within ${between(1, 12, random)} hours, officials in ${place} said.`,
      ],
    };
  },
  "traffic notice": (seed) => {
    const random = randomFrom(seed + 97);
    const [road] = draw(ROADS, 1, random);
    const [from, to] = draw(CITIES, 2, random);
    return {
      title: `${road} closed between ${from} and ${to} after crash: live traffic`,
      paragraphs: [
        `Drivers are facing long delays this morning after a crash on the ${road} between junctions ${between(2, 19, random)} and ${between(20, 44, random)}, near ${from}. One lane is closed and there are queues of ${between(2, 15, random)} miles back towards ${to}. National Highways says that normal conditions are expected between ${between(9, 11, random)}.15 and ${between(12, 15, random)}.30.`,
        `Police were called at ${between(4, 8, random)}.${between(10, 59, random)} to reports of a collision involving ${between(2, 7, random)} vehicles. Nobody is thought to be seriously hurt. Recovery is under way and motorists are asked to find another route where they can. If you have seen what happened, please call 101 and quote incident number ${between(100, 999, random)}.`,
      ],
    };
  },
  "live page update": (seed) => {
    const random = randomFrom(Math.floor(seed / 2) + 103);
    const place = pick(CITIES, random);
    const storm = pick(SURNAMES, random);
    const own = randomFrom(seed + 107);
    const [who, office] = [
      pick(PEOPLE, own),
      pick(
        list(
          "the mayor, the fire chief, the power company, the coastguard, the rail operator, the water board, the hospital",
        ),
        own,
      ),
    ];
    return {
      title: `Storm ${storm} live: latest updates as ${place} braces for record floods`,
      paragraphs: [
        `Follow our live coverage as Storm ${storm} makes its way across the country. The storm made landfall near ${place} early this morning, cutting power to thousands of homes and closing schools, roads and the main railway line. Our reporters are on the ground and will bring you the latest through the day.`,
        `${between(6, 23, own)}.${between(10, 59, own)}: ${who}, who speaks for ${office}, says that ${between(3, 900, own)} ${pick(list("homes, boats, trees, trains, pumps, shelters, bridges"), own)} ${pick(list("are damaged, were inspected, have been cleared, remain closed, will be reopened, need repair"), own)} ${pick(list("near the harbour, in the old town, along the river, around the university, by the ring road"), own)}, and asks people to ${pick(list("stay indoors, boil water, keep off the promenade, charge their phones, check on neighbours, bring in pets"), own)}.`,
        `${between(6, 23, own)}.${between(10, 59, own)}: ${pick(PEOPLE, own)} of ${pick(CITIES, own)} told us: "${pick(list("I have never heard wind like it, The cellar filled in minutes, We carried the dog upstairs, The roof went first, Nobody slept at all"), own)}, and ${pick(list("the children thought it was an adventure, now we wait for the insurance, the neighbours were wonderful, we will rebuild, it could have been worse"), own)}."`,
      ],
    };
  },
};
