/**
 * The same event, written by different people: three reports of each, in words of their own. They agree in names, places
 * and figures and quote the same sentences, as reports of one event do, and none is a copy of another.
 */
import type { WireText } from "./wire-texts.ts";

const events: readonly (readonly (readonly [title: string, text: string])[])[] = [
  [
    [
      "Parliament passes long-delayed water bill by four votes",
      "Lawmakers narrowly approved the government's water bill on Tuesday night, ending two years of dispute over who should pay for leaking pipes. The measure passed by 148 votes to 144 after six members of the Centre Party broke ranks. Environment Minister Lena Brandt called it a good day for every household. Under the law, utilities must replace 2 percent of their network each year and may raise charges by no more than 30 euros. The opposition said it would ask the Constitutional Court to review the text.",
    ],
    [
      "Water charges to rise as Brandt's law squeaks through",
      'Households face higher bills from January after parliament backed Lena Brandt\'s water law with a majority of just four. Six Centre Party rebels sided with the government in a vote that came shortly before midnight, 148 against 144. The environment minister, visibly relieved, said it was "a good day for every household". Utilities are obliged to renew a fiftieth of their pipes annually; the annual increase for customers is capped at 30 euros. Opponents are preparing a challenge before the Constitutional Court.',
    ],
    [
      "Six rebels hand government victory on pipes",
      "It took six defectors from the Centre Party to save the minister. With 148 votes in favour and 144 against, the chamber adopted rules that force water companies to modernise 2 percent of their pipelines a year, at a cost to consumers of up to 30 euros. Ms Brandt thanked the rebels for their courage. Their own leader did not: he spoke of a betrayal and announced that the party would go to the Constitutional Court before Christmas.",
    ],
  ],
  [
    [
      "Ferry with 212 aboard runs aground off Skagen, all safe",
      "A passenger ferry carrying 212 people ran aground in thick fog off the Danish port of Skagen early on Thursday, the coastguard said. Nobody was hurt. Lifeboats and two helicopters brought the passengers ashore within three hours. The captain, a 58-year-old Norwegian, told investigators that the steering had failed shortly before the Nordic Star hit a sandbank at a speed of nine knots. Divers found no leak in the hull, and tugs will try to pull the vessel free at high tide on Friday.",
    ],
    [
      '"We heard a long scraping sound": passengers tell of night on the sandbank',
      'Marit Hoel was asleep when the Nordic Star stopped. "We heard a long scraping sound, then it was quiet," she said in a sports hall in Skagen, wrapped in a blanket. She was one of 212 passengers and crew who were taken off the stranded ferry by lifeboat and helicopter in dense fog. All are well. The police have questioned the captain, who blames a failure of the steering. The ship sits upright on the sand, its lights still burning, and is waiting for Friday\'s high water.',
    ],
    [
      "Steering failure suspected in Nordic Star grounding",
      "Investigators have begun to examine the steering gear of the Nordic Star, which stranded off northern Denmark on Thursday. The 58-year-old captain reported that the rudder stopped answering a few minutes before the impact. The ferry was doing nine knots. According to the coastguard, the evacuation of the 212 people took three hours and went as planned. The owner, Fjordline Nord, said the steering was last inspected in March. Tugs from Frederikshavn are on the way.",
    ],
  ],
  [
    [
      "Central bank raises key rate to 4.75 percent",
      "The central bank surprised markets on Wednesday by lifting its key interest rate by half a point to 4.75 percent, the highest level in 14 years. Governor Tomas Havel said inflation of 6.1 percent left the board no choice. Seven of nine members voted for the step. The koruna gained 1.3 percent against the euro within minutes. Economists polled beforehand had expected a quarter point. Havel did not rule out a further increase in February.",
    ],
    [
      "Mortgages to get dearer after surprise decision in Prague",
      "Home buyers must brace for higher instalments. Governor Tomas Havel and six of his eight colleagues voted to push the key rate to 4.75 percent, a level last seen 14 years ago. A typical loan of three million koruna will cost about 900 koruna more per month, brokers reckon. Prices rose 6.1 percent in October. The bank has not done enough, says Hana Dvorska of the consumers' association; it has done too much, says the builders' federation.",
    ],
    [
      "Havel's half point: a gamble that may pay off",
      "Sometimes a central banker has to be rude. By raising rates twice as far as anybody expected, Tomas Havel has told the country that 6.1 percent inflation will not be tolerated, and the currency market believed him: the koruna jumped 1.3 percent. The two dissenters on the board fear for growth. They have a point, but the governor has the better one. Credibility, once lost, costs far more than 4.75 percent.",
    ],
  ],
  [
    [
      "Fire destroys historic covered market in Graz",
      "A fire gutted the 19th-century covered market in Graz during the night. More than 160 firefighters fought the flames, which were visible from 20 kilometres away, and prevented them from reaching the neighbouring theatre. Two firefighters were treated for smoke poisoning. The cause was not known. Mayor Elke Reiter promised that the hall, opened in 1887, would be rebuilt. Some 70 stallholders have lost their livelihoods, the chamber of commerce estimated.",
    ],
    [
      "Market women of Graz stand before the ashes",
      'Rosa Pichler has sold cheese here for 41 years. On Monday morning she stood behind a police tape and looked at black iron ribs. The covered market of Graz, built in 1887, burned down within four hours. "My scales were from my grandmother," she said. Around her stood others, florists, butchers, the man with the pumpkin seed oil: 70 traders in all. The mayor came, hugged some of them and vowed to rebuild. The theatre next door, thanks to 160 firefighters, was spared.',
    ],
    [
      "Investigators look at wiring after Graz blaze",
      "Police experts searching the ruins of the covered market in Graz are concentrating on the electrical installation, a spokesman said on Tuesday. There was no sign of arson. An insurance assessor put the damage at 35 million euros. The building had no sprinklers, although the fire service had recommended them in 2019. Two firefighters who had inhaled smoke have left hospital. Trading is to resume in tents on the fairground from Saturday.",
    ],
  ],
  [
    [
      "Okonkwo wins Lisbon marathon in course record",
      "Nigeria's Ada Okonkwo won the Lisbon marathon on Sunday in two hours, 21 minutes and 9 seconds, breaking the course record by 48 seconds. The 26-year-old pulled away from Ethiopia's Tigist Alemu at kilometre 33 and was never challenged. Alemu was second in 2:22:30, with Portugal's Carla Neves third to the delight of the home crowd. In the men's race Kenya's Daniel Rotich took his third title. About 11,000 runners started in ideal conditions.",
    ],
    [
      "Carla Neves third at home as Nigerian runs into history",
      "They shouted her name all along the river. Carla Neves finished third in Lisbon, the best Portuguese result in nine years, and wept on the line. The race belonged to somebody else: Ada Okonkwo, 26, became the first Nigerian winner and took 48 seconds off the record with 2:21:09. Her attack came at kilometre 33. Alemu of Ethiopia could not follow. Neves, a nurse who works nights, will be back on the ward on Tuesday.",
    ],
    [
      "Marathon in numbers: what Lisbon saw on Sunday",
      "Eleven thousand runners, 63 nations, one record. Okonkwo's 2:21:09 means an average of three minutes and 21 seconds for each kilometre. Daniel Rotich needed 2:07:55 for his third victory. The oldest finisher was 84, the youngest 18. The course was cleaned within five hours. Medical teams treated 214 people, mostly for blisters. Next year's race is planned for 17 October, and a third of the places have already been taken.",
    ],
  ],
  [
    [
      "Court frees publisher after 16 months in custody",
      'A court in Ankara ordered the release of publisher Selim Aksoy on Friday after 16 months in pre-trial detention, his lawyer said. Aksoy, 61, is accused of spreading propaganda through a series of travel books. He denies the charge and must not leave the country. The trial continues on 9 March. "Books are not weapons," he told supporters at the gate of Sincan prison. The European Union and writers\' groups had demanded his freedom.',
    ],
    [
      '"Books are not weapons": Aksoy walks out of Sincan',
      'He carried two plastic bags and a plant. Selim Aksoy left Sincan prison at dusk, sixteen months after he was arrested at his desk. Friends sang; his daughter, born while he was inside, slept through it. "Books are not weapons," he said, and then that he wanted soup. The judges let him go without bail but kept his passport. Prosecutors maintain that his travel guides contain propaganda. The next hearing is set for March.',
    ],
    [
      "EU welcomes Aksoy release, urges Turkey to drop case",
      "Brussels has welcomed the release of the Turkish publisher Selim Aksoy and called for all charges to be dropped. A spokeswoman for the Commission said a decision that came after 16 months could only be a first step. PEN International spoke of relief mixed with anger. Turkey's justice ministry rejected what it called interference: the courts were independent, and the proceedings against the 61-year-old would take their course on 9 March.",
    ],
  ],
  [
    [
      "Measles outbreak closes three schools in Leeds",
      "Three primary schools in Leeds will stay closed until Monday after 27 children fell ill with measles, the UK Health Security Agency said. Most of the patients had not been vaccinated. Two are in hospital in a stable condition. Mobile teams will offer jabs in school playgrounds from Wednesday. Vaccination rates in the area have dropped to 81 percent, well below the 95 percent needed. Parents were urged to look for fever, cough and a blotchy rash.",
    ],
    [
      "Parents queue for jabs in the playground",
      "By nine the line reached the bus stop. In the playground of St Hilda's, one of three Leeds schools shut because of measles, nurses gave 140 vaccinations on the first day. Naomi Clarke had come with three boys. She had put it off, she said, and then her neighbour's girl went to hospital. Twenty-seven children have caught the disease so far. In this part of the city not quite 81 in a hundred are protected.",
    ],
    [
      "Why measles is back, and what the rash looks like",
      "Measles is among the most contagious diseases there are: one case infects up to 18 people who have no protection. It begins like a cold; the blotchy rash follows on the fourth day, first behind the ears. Complications include pneumonia. Two doses of the vaccine protect for life. The outbreak in Leeds, where 27 children are ill and three schools had to close, shows what happens when coverage falls to 81 percent. Adults born after 1970 should check their records.",
    ],
  ],
  [
    [
      "Rail unions call 48-hour strike before holiday weekend",
      "Two rail unions have called a 48-hour strike from Friday at 4 a.m., threatening travel chaos before the long weekend. They demand 6.5 percent more pay and a 36-hour week. The operator offered 4 percent. Only one in four long-distance trains will run, it said, and tickets can be exchanged free of charge. Talks broke down on Monday after eleven hours. Transport minister Paul Ferrand appealed to both sides to return to the table.",
    ],
    [
      "Strike on the rails: what travellers need to know",
      "When does the strike begin? On Friday at four in the morning; it lasts 48 hours. Which trains run? About a quarter of long-distance services, listed on the operator's site from Thursday noon. Can I change my ticket? Yes, at no cost, until the end of the month. Do I get my money back? If your train is cancelled, in full. Why are they striking? For 6.5 percent and shorter hours. Is there an end in sight? Not at the moment.",
    ],
    [
      "Minister accuses rail unions of holding families hostage",
      "Paul Ferrand has sharply criticised the planned walkout. To stop trains on the first day of the holidays was to take families hostage, the minister said on the radio. Union leader Claire Monnier replied that the minister might like to work a night shift. The gap is two and a half points: four percent has been offered, 6.5 demanded. After the failure of Monday's marathon session no new date has been fixed, and hoteliers on the coast report cancellations.",
    ],
  ],
  [
    [
      "Probe sends first pictures from far side crater",
      "The Japanese probe Kaguya-3 has transmitted the first close-up pictures of the Apollo crater on the far side of the Moon, the space agency JAXA said on Saturday. They show layered rock that may be 4.2 billion years old. The lander, which weighs 640 kilograms, touched down on Thursday within 90 metres of its target. A drill is to collect samples from next week. Contact runs through a relay satellite and is possible for nine hours a day.",
    ],
    [
      "Stripes in the rock delight lunar geologists",
      'Fine dark stripes, as if drawn with a ruler: that is what made Professor Mika Sato jump up from her chair. The pictures from Kaguya-3 show strata in the wall of the Apollo crater, and strata tell of time. If the team is right, these are 4.2 billion years old, older than anything the astronauts brought home. Now everybody is waiting for the drill. "One centimetre would make me happy," says Sato. The plan is for two metres.',
    ],
    [
      "Japan lands within 90 metres of target on the Moon's far side",
      "With a precision that its engineers hardly dared to hope for, a Japanese spacecraft has set down on the side of the Moon that never faces the Earth. Kaguya-3 missed the chosen spot in the Apollo crater by only 90 metres. It is the third nation to succeed there. The 640-kilogram craft has enough power for two lunar days, and its operators at JAXA can speak to it for nine hours out of twenty-four through a relay.",
    ],
  ],
  [
    [
      "Dam spill forces 3,000 from homes in northern Peru",
      "About 3,000 people were moved to safety in northern Peru on Sunday after water spilled over the Gallito dam following a week of rain. The level fell slightly in the evening, civil defence chief Jorge Salas said. Engineers opened a third gate by hand because the motor was under water. The town of San Roque, eight kilometres downstream, was flooded to a depth of one metre. No deaths were reported. President Vargas is to visit on Monday.",
    ],
    [
      "A night on the roof in San Roque",
      'The radio told them to go up, so they went up. Forty people spent Sunday night on the roof of the parish school in San Roque with blankets, two goats and a television. Below, the water from the Gallito dam stood at the height of the blackboard. Padre Ignacio counted everyone every hour. At dawn the soldiers came in boats. "We have lost the rice, not the people," said Lucia Quispe, whose shop was in the main street.',
    ],
    [
      "Gallito dam: warnings were ignored, engineer says",
      "The gates of the Gallito dam had not been serviced since 2021, an engineer who worked there has told this newspaper. A report that he signed in May called the third gate's motor unreliable. That motor failed on Sunday, and the gate had to be opened by hand while 3,000 people downstream left their homes. The regional government says it received no such report. Civil defence chief Salas declined to comment and pointed to the investigation announced by President Vargas.",
    ],
  ],
];

/** Every two reports of one event. */
export function sameEventPairs(): readonly (readonly [WireText, WireText])[] {
  return events.flatMap((reports) => {
    const texts = reports.map(([title, text]) => ({ title, paragraphs: [text] }));
    return texts.flatMap((a, index) => texts.slice(index + 1).map((b) => [a, b] as const));
  });
}
