/** More series with a fixed wording, written after the rules were settled, to see whether they hold for what they never saw. */
import { randomFrom, type WireText } from "./wire-texts.ts";

type Random = () => number;

const list = (text: string): readonly string[] => text.trim().split(/\s*[,\n]\s*/);
const pick = (words: readonly string[], random: Random) => words[Math.floor(random() * words.length)] ?? "";
const between = (min: number, max: number, random: Random) => min + Math.floor(random() * (max - min + 1));

const TOWNS =
  list(`Aalen, Bautzen, Celle, Dachau, Emden, Fulda, Gotha, Hameln, Ilmenau, Jena, Kleve, Lindau, Meissen, Naumburg,
  Olpe, Passau, Quickborn, Rastatt, Stade, Trier, Uelzen, Verden, Wismar, Xanten, Zittau`);
const NAMES =
  list(`Abel, Brandt, Conrad, Dietz, Ernst, Fink, Geiger, Haas, Imhof, Jahn, Krug, Lorenz, Menzel, Noll, Otto, Pohl,
  Rauch, Sauer, Thoma, Ulrich, Vogel, Wirth, Ziegler`);
const PARTIES = list(
  "Greens, Liberals, Conservatives, Socialists, Free Voters, Pirates, Centre, Progress Party",
);
const FILMS =
  list(`The Long Ferry, Salt, A Winter Debt, Seven Doors, Copper Sky, The Cartographer, Low Tide, Mother of Pearl,
  Night Grammar, The Last Tram, Hollow Hill, Orchard, Red Meridian, Stillwater Road`);
const CRIMES = list(
  "burglary, fraud, assault, arson, theft, blackmail, drink-driving, handling stolen goods, vandalism",
);
const SIGNS = list(
  "Aries, Taurus, Gemini, Cancer, Leo, Virgo, Libra, Scorpio, Sagittarius, Capricorn, Aquarius, Pisces",
);

export const freshSeries: Readonly<Record<string, (seed: number) => WireText>> = {
  "constituency result": (seed) => {
    const random = randomFrom(seed + 5003);
    const [town, winner, loser] = [pick(TOWNS, random), pick(NAMES, random), pick(NAMES, random)];
    const share = () => `${between(4, 48, random)}.${between(0, 9, random)}`;
    return {
      title: `Election result: ${pick(PARTIES, random)} candidate ${winner} wins ${town}`,
      paragraphs: [
        `${winner} has won the constituency of ${town} with ${share()} percent of the vote, the returning officer announced shortly after midnight. ${loser} of the ${pick(PARTIES, random)} came second with ${share()} percent, ahead of the ${pick(PARTIES, random)} with ${share()} percent. Turnout was ${share()} percent, compared with ${share()} percent four years ago.`,
        `All votes have been counted. The result is provisional until it has been confirmed by the electoral committee, which will meet next week. Live results from every constituency are on our map, and you can follow the latest reactions in our newsletter.`,
      ],
    };
  },
  "lottery draw": (seed) => {
    const random = randomFrom(seed + 5101);
    const numbers = Array.from({ length: 6 }, () => between(1, 49, random)).join(", ");
    return {
      title: "Lottery: the winning numbers of the latest draw",
      paragraphs: [
        `The winning numbers of tonight's draw are ${numbers}. The bonus ball was ${between(0, 9, random)}. The jackpot stood at ${between(1, 60, random)} million euros. In the second class, ${between(1, 30, random)} players win ${between(10, 900, random)},${between(100, 999, random)} euros each.`,
        `The chance of hitting the jackpot is one in 140 million. Winners have thirteen weeks to claim their prize at any sales point. All numbers are given without guarantee. Taking part is permitted from the age of 18, and gambling can be addictive: help is available free of charge and in confidence.`,
      ],
    };
  },
  "court list": (seed) => {
    const random = randomFrom(seed + 5209);
    const [name, town] = [pick(NAMES, random), pick(TOWNS, random)];
    return {
      title: `${town} court: ${name} jailed for ${pick(CRIMES, random)}`,
      paragraphs: [
        `A ${between(18, 79, random)}-year-old from ${town} has been sentenced to ${between(2, 59, random)} months in prison for ${pick(CRIMES, random)}. ${name} appeared before magistrates on ${pick(list("Monday, Tuesday, Wednesday, Thursday, Friday"), random)} and pleaded guilty to ${between(1, 9, random)} counts.`,
        `The court heard that the defendant had shown genuine remorse and had no previous convictions. In mitigation, defence counsel ${pick(NAMES, random)} said that the past year had been a very difficult one for the family. The defendant was also ordered to pay costs of ${between(80, 990, random)} euros and a victim surcharge of ${between(20, 190, random)} euros, and was told to leave the dock without looking at the public gallery.`,
      ],
    };
  },
  "cinema listing": (seed) => {
    const random = randomFrom(seed + 5303);
    const film = pick(FILMS, random);
    return {
      title: `Now showing: ${film}`,
      paragraphs: [
        `${film} opens in cinemas this week. Directed by ${pick(NAMES, random)} and starring ${pick(NAMES, random)} and ${pick(NAMES, random)}, it runs for ${between(81, 189, random)} minutes and carries a certificate of ${pick(list("six, twelve, sixteen, eighteen"), random)}.`,
        `Our verdict: ${between(1, 5, random)} stars out of five. Tickets cost between ${between(6, 9, random)} and ${between(10, 19, random)} euros and can be booked online or at the box office from ten in the morning. Doors open thirty minutes before the film. Children under six are admitted only when accompanied by an adult. Please switch off your phone.`,
      ],
    };
  },
  horoscope: (seed) => {
    const random = randomFrom(seed + 5407);
    const mood = list(
      "patience, courage, luck, calm, humour, curiosity, order, warmth, silence, speed, trust, distance",
    );
    const field = list("work, love, money, friendship, health, family, travel, study");
    const sign = pick(SIGNS, random);
    return {
      title: `Horoscope for ${sign}`,
      paragraphs: [
        `Today the stars ask ${sign} for ${pick(mood, random)} in ${pick(field, random)}. A conversation in the morning brings ${pick(mood, random)}, and somebody you have not seen for a long time shows you ${pick(mood, random)}. Do not spend more than you have, and remember that ${pick(mood, random)} is worth more than ${pick(mood, random)}.`,
        `In ${pick(field, random)} you should listen before you speak. Your lucky number is ${between(1, 99, random)} and your colour is ${pick(list("red, blue, green, yellow, violet, white, black, orange"), random)}. Tomorrow will be easier. Read what the stars hold for the other signs on our page, every day from five in the morning.`,
      ],
    };
  },
  "vacancy of the day": (seed) => {
    const random = randomFrom(seed + 5501);
    const town = pick(TOWNS, random);
    const job = pick(
      list(
        "gardener, nurse, bookkeeper, electrician, baker, teacher, welder, cook, surveyor, librarian, roofer",
      ),
      random,
    );
    return {
      title: `Job of the day: ${job} in ${town}`,
      paragraphs: [
        `A company in ${town} is looking for a ${job} to join its friendly team as soon as possible. The position is permanent, with ${between(20, 40, random)} hours a week and a salary of ${between(2, 5, random)},${between(100, 999, random)} euros a month. Applicants should have at least ${between(1, 9, random)} years of experience and a driving licence.`,
        `We offer flexible hours, thirty days of holiday, a company pension and free coffee. Please send your application with the usual documents to ${pick(NAMES, random)} by the ${between(1, 28, random)}th of the month. Travel expenses for interviews cannot be reimbursed. More vacancies are in our jobs section.`,
      ],
    };
  },
  "live ticker of a match": (seed) => {
    const random = randomFrom(Math.floor(seed / 2) + 5603);
    const [home, away] = [pick(TOWNS, random), pick(TOWNS, random)];
    const own = randomFrom(seed + 5701);
    const line = () =>
      `${between(1, 90, own)}': ${pick(NAMES, own)} ${pick(list("shoots over, wins a corner, is booked, goes down, hits the post, clears on the line, is replaced, heads wide"), own)} after ${pick(list("a pass, a cross, a throw-in, a free kick, a mistake"), own)} by ${pick(NAMES, own)}.`;
    return {
      title: `${home} v ${away}: live`,
      paragraphs: [
        `Welcome to our minute-by-minute coverage of ${home} against ${away}. Kick-off is at half past three. Both teams come into the game unchanged, the pitch is heavy after the rain of the last days, and the away end is sold out. Refresh this page for the latest.`,
        `${line()} ${line()} ${line()} ${line()}`,
      ],
    };
  },
};
